"""A client that speaks HTTP/3, and the certificate of the server that it speaks with.

    http3.py certificate FOLDER          writes FOLDER/cert.pem and FOLDER/key.pem
    http3.py send PORT                   sends what the lines of the standard input say and prints the answers

A line is a JSON object with `method`, `path`, `headers` (an object) and `body` (a text), and so is an answer, with
`status` and `size`. All go over one connection, one after the other.
"""

import asyncio
import datetime
import json
import ssl
import sys


def certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    with open(f"{folder}/cert.pem", "wb") as file:
        file.write(made.public_bytes(pem))
    with open(f"{folder}/key.pem", "wb") as file:
        form, encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write(key.private_bytes(pem, form, encryption))


async def send(port, requests):
    from aioquic.asyncio.client import connect
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.h3.connection import H3_ALPN, H3Connection
    from aioquic.h3.events import DataReceived, HeadersReceived
    from aioquic.quic.configuration import QuicConfiguration

    class Client(QuicConnectionProtocol):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.http = H3Connection(self._quic)
            self.answers = {}

        def quic_event_received(self, event):
            for part in self.http.handle_event(event):
                answer = self.answers.get(getattr(part, "stream_id", None))
                if answer is None:
                    continue
                if isinstance(part, HeadersReceived):
                    status = dict(part.headers).get(b":status")
                    answer["status"] = answer["status"] or int(status or 0)
                elif isinstance(part, DataReceived):
                    answer["size"] += len(part.data)
                if getattr(part, "stream_ended", False):
                    answer["over"].set_result(None)

        async def exchange(self, request):
            stream = self._quic.get_next_available_stream_id()
            over = asyncio.get_running_loop().create_future()
            answer = self.answers[stream] = {"status": 0, "size": 0, "over": over}
            headers = {
                ":method": request["method"],
                ":scheme": "https",
                ":authority": "localhost",
                ":path": request["path"],
                **request.get("headers", {}),
            }
            body = request.get("body", "").encode()
            pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
            self.http.send_headers(stream, pairs, end_stream=not body)
            if body:
                self.http.send_data(stream, body, end_stream=True)
            self.transmit()
            await over
            return {"status": answer["status"], "size": answer["size"]}

    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
    configuration.verify_mode = ssl.CERT_NONE
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client) as client:
        for request in requests:
            print(json.dumps(await asyncio.wait_for(client.exchange(request), 20)))


if sys.argv[1] == "certificate":
    certificate(sys.argv[2])
else:
    asyncio.run(send(int(sys.argv[2]), [json.loads(line) for line in sys.stdin]))
