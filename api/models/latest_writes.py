"""What a caller wrote last, so that they do not read it from a replica that does not have it yet."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class LatestWrite(Base):
    """The latest transaction of a caller, or that changed their rights. A snapshot with this row has both.

    ``caller_id`` is the ID of a person or of an API client. ``write_id`` is random.
    """

    __tablename__ = "latest_writes"

    caller_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    write_id: Mapped[uuid.UUID]
    written_at: Mapped[datetime]
