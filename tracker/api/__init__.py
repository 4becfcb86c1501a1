"""Sources, plans, measures, tasks and what belongs to them, for programs: the same scopes and verbs as the pages."""
