"""The parts of the API documentation: guides in Markdown, and the operations of the OpenAPI document."""
