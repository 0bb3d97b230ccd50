"""The encoder as ONNX graphs: one for each thing that a request may hold."""
