"""Assessment: from the tasks of a period to points, each line naming its reason and what it was counted from."""
