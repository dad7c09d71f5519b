"""What every route uses: access control, request parsing, responses, problem documents, paging and ETags."""
