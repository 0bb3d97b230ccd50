"""Quality of the encoder beside the arms that it is compared with, at equal optimizer steps."""
