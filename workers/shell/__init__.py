"""The operator's shell: one module a noun; a handler checks, calls a service, says what came."""
