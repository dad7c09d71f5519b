"""The application that everything is compared with. It returns hello, on the same kind of server."""

from flask import Flask

app = Flask(__name__)


@app.get("/hello")
def hello() -> dict[str, str]:
    return {"hello": "world"}
