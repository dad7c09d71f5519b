"""What ties this database to its photo store."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now


class Installation(Base):
    """The one row that says which mark the photo store carries.

    ``former_store_mark`` is the one before, for a process that ended between the two writes of a new one.
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    store_mark: Mapped[str]
    former_store_mark: Mapped[str | None]
    marked_at: Mapped[datetime] = mapped_column(default=now)
