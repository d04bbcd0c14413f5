"""What one company wants: policy versions and registered addresses (tenant schema)."""
