//! Tries which addresses the host lets a component reach.

use std::net::SocketAddrV4;

use http_body_util::BodyExt as _;
use spin_sdk::http;
use spin_sdk::wasip3::sockets::ip_name_lookup::resolve_addresses;
use spin_sdk::wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket,
};

/// `/net/{what}/{address}`: `http/127.0.0.1:80`, `tcp/…`, `udp/…` and so on, IPv4 only.
pub async fn answer(what: &str) -> String {
    let (what, target) = what.split_once('/').unwrap_or((what, ""));
    match what {
        "http" => get(&format!("http://{target}")).await,
        "lookup" => format!("{:?}", resolve_addresses(target.to_owned()).await),
        _ => {
            let Ok(address) = target.parse::<SocketAddrV4>() else {
                return format!("{target:?} is no address");
            };
            let result = match what {
                "tcp" => tcp(address).await,
                "tcp-bind" => {
                    TcpSocket::create(IpAddressFamily::Ipv4).and_then(|socket| socket.bind(wasi(address)))
                }
                "udp" => udp(address).await,
                "udp-bind" => {
                    UdpSocket::create(IpAddressFamily::Ipv4).and_then(|socket| socket.bind(wasi(address)))
                }
                "udp-unconnected" => udp_unconnected(address).await,
                _ => return format!("no such trial: {what}"),
            };
            format!("{result:?}")
        }
    }
}

async fn get(url: &str) -> String {
    match http::get(url).await {
        Err(error) => format!("error: {error:?}"),
        Ok(response) => {
            let status = response.status();
            match response.into_body().collect().await {
                Ok(body) => format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body.to_bytes())),
                Err(error) => format!("error: {error:?}"),
            }
        }
    }
}

async fn tcp(address: SocketAddrV4) -> Result<(), ErrorCode> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4)?;
    socket.connect(wasi(address)).await
}

async fn udp(address: SocketAddrV4) -> Result<(), ErrorCode> {
    let socket = UdpSocket::create(IpAddressFamily::Ipv4)?;
    socket.connect(wasi(address))?;
    socket.send(b"datagram".to_vec(), None).await
}

async fn udp_unconnected(address: SocketAddrV4) -> Result<(), ErrorCode> {
    let socket = UdpSocket::create(IpAddressFamily::Ipv4)?;
    socket.send(b"datagram".to_vec(), Some(wasi(address))).await
}

fn wasi(address: SocketAddrV4) -> IpSocketAddress {
    let [a, b, c, d] = address.ip().octets();
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) })
}
