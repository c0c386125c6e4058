"""Sends logs of requests with OpenTelemetry's own SDK and OTLP/HTTP exporter.

usage: otlp_export.py ENDPOINT COMPRESSION   (none, gzip or deflate)

Standard input has a line of JSON for each log record: {"attributes": {…}, "body": …, "time_ns": …}. Prints "sent" once the
exporter has none left. The exporter itself decides what it repeats.
"""

import json
import sys

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

endpoint, compression = sys.argv[1:]
exporter = OTLPLogExporter(endpoint=endpoint, compression=Compression(compression), timeout=60)
provider = LoggerProvider(resource=Resource.create({"service.name": "gateway", "service.instance.id": "gateway-2"}))
# Nothing is sent before the last log record is there.
provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=600_000))
logger = provider.get_logger("access")
for line in sys.stdin:
    log = json.loads(line)
    logger.emit(
        LogRecord(
            timestamp=log.get("time_ns"),
            severity_number=SeverityNumber.INFO,
            body=log.get("body"),
            attributes=log.get("attributes"),
        )
    )
# An exporter that is being shut down repeats nothing.
provider.force_flush(60_000)
provider.shutdown()
print("sent")
