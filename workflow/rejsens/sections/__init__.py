"""What each section of the report says: functions that make blocks of :py:mod:`rejsens.document` from tables and words."""
