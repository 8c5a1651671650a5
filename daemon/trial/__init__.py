"""A changed policy on trial: replayed over the recorded months, then beside the running one."""
