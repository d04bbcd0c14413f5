"""Mail of the project's own making, with which the classifier is trained beside public mail.

Public corpora hold next to no Japanese or present-day business mail; these texts fill the gap.
``*.txt`` hold hand-written bodies with alternatives in braces, ``compose`` makes whole mails of
them. Nobody sent any of it: everything here is made up, under names reserved for examples.
"""
