"""The ladder of reminders (催办阶梯): ``ladder`` says what is owed when, ``planning`` writes it down as rows,
``delivery`` hands the rows over as notices, ``lateness`` records what was not done in time, ``sweep`` runs all of it.
"""
