"""What every test here lives under: the gates of `tests.support.gates`, one hypothesis profile, and the table of ablation."""

import hypothesis

pytest_plugins = ("tests.support.gates", "tests.ablation.report")

# No deadline: this machine may be busy, and a slow example is not a wrong one.
hypothesis.settings.register_profile("emla", deadline=None, print_blob=True)
hypothesis.settings.load_profile("emla")
