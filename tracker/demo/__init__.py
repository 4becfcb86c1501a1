"""A sample committee with months of life in it, made through the product's own verbs with time as an argument."""
