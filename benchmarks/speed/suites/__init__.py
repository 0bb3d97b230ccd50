"""What is asked of the arms, and the goals that the answers are judged by."""
