"""A receiver of logs over OTLP/HTTP, with OpenTelemetry's own messages: whatever they do not define is refused.

    otlp_receiver.py FOLDER PORT

Listens on 127.0.0.1 (port 0: a free one) and writes the port to FOLDER/port. Each log record that it takes becomes a line
of JSON in FOLDER/records, each request one in FOLDER/requests, and each request that breaks the protocol one in FOLDER/faults.

PUT /steps with a list of objects says what to answer next, one after the other, instead of success: `status`, `headers`,
`body`, `delay_ms` before the answer, `rejected`: how many records not to take, with a partial success.
"""

import base64
import gzip
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

FOLDER = sys.argv[1]
LOCK = threading.Lock()
STEPS = []


def append(name, value):
    with open(os.path.join(FOLDER, name), "a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


def ids_as_bytes(value):
    """OTLP's JSON has ids in hexadecimal digits, where the mapping of protobuf has base64."""
    if isinstance(value, list):
        return [ids_as_bytes(item) for item in value]
    if not isinstance(value, dict):
        return value
    read = {}
    for key, item in value.items():
        if key in ("traceId", "spanId"):
            if item != item.lower():
                raise ValueError(f"{key} {item} is not in lower case")
            item = base64.b64encode(bytes.fromhex(item)).decode()
        read[key] = ids_as_bytes(item)
    return read


def no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key is there twice: {keys}")
    return dict(pairs)


def read(content_type, body):
    message = ExportLogsServiceRequest()
    if content_type == "application/json":
        value = ids_as_bytes(json.loads(body, object_pairs_hook=no_key_twice))
        json_format.ParseDict(value, message, ignore_unknown_fields=False)
    elif content_type == "application/x-protobuf":
        message.ParseFromString(body)
    else:
        raise ValueError(f"content type {content_type}")
    return message


def plain(value):
    kind = value.WhichOneof("value")
    if kind is None:
        raise ValueError("a value without a kind")
    found = getattr(value, kind)
    return [plain(item) for item in found.values] if kind == "array_value" else found


def attributes(pairs):
    keys = [pair.key for pair in pairs]
    if len(keys) != len(set(keys)) or "" in keys:
        raise ValueError(f"an attribute is there twice or has no name: {keys}")
    return {pair.key: plain(pair.value) for pair in pairs}


def records(message):
    for resource in message.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                if len(record.trace_id) not in (0, 16) or (record.trace_id and not any(record.trace_id)):
                    raise ValueError(f"trace id {record.trace_id.hex()}")
                yield {
                    "time": record.time_unix_nano,
                    "observed": record.observed_time_unix_nano,
                    "severity": record.severity_number,
                    "severity_text": record.severity_text,
                    "event": record.event_name,
                    "body": plain(record.body),
                    "trace_id": record.trace_id.hex(),
                    "attributes": attributes(record.attributes),
                    "resource": attributes(resource.resource.attributes),
                    "scope": {"name": scope.scope.name, "version": scope.scope.version},
                    "schema_url": scope.schema_url,
                }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        with LOCK:
            STEPS[:] = json.loads(self.body())
        self.answer(204, {}, b"")

    def do_POST(self):
        body = self.body()
        encoding = self.headers.get("content-encoding", "")
        try:
            if self.path != "/v1/logs":
                raise ValueError(f"path {self.path}")
            if encoding == "gzip":
                body = gzip.decompress(body)
            elif encoding:
                raise ValueError(f"content encoding {encoding}")
            content_type = self.headers.get("content-type")
            taken = list(records(read(content_type, body)))
        except Exception as error:
            append("faults", {"error": repr(error), "body": body.decode("utf-8", "replace")[:4000]})
            self.answer(400, {}, json.dumps({"code": 3, "message": repr(error)}).encode())
            return
        with LOCK:
            step = STEPS.pop(0) if STEPS else {}
            status = step.get("status", 200)
            rejected = step.get("rejected", 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = {"records": len(taken), "bytes": len(body), "encoding": encoding, "status": status, "headers": headers}
            append("requests", request)
            if status == 200:
                for record in taken[rejected:]:
                    append("records", record)
        time.sleep(step.get("delay_ms", 0) / 1000)
        partial = {"partialSuccess": {"rejectedLogRecords": str(rejected), "errorMessage": "not wanted"}}
        answer = step.get("body", json.dumps(partial if rejected else {}))
        self.answer(status, {"content-type": "application/json", **step.get("headers", {})}, answer.encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", int(sys.argv[2])), Handler)
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_port))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
