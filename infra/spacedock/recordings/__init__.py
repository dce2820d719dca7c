"""Reports of the probe from Hugging Face, `YYYY-MM-DD-HARDWARE.json`: docs/probe.md says how one is made."""
