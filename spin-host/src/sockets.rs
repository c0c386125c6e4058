//! Raw sockets, to allowed addresses only.
//!
//! The WASI implementation asks for permission before an implicit bind by the system as well as before an explicit
//! bind, and does not say which it is. Spin's host refuses explicit binds, and UDP sent from an unconnected
//! socket. This file therefore checks three functions of `wasi:sockets` before the WASI implementation runs them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p3::bindings::sockets::types::{
    ErrorCode, HostUdpSocket, HostUdpSocketWithStore, IpAddressFamily, IpSocketAddress,
};
use wasmtime_wasi::sockets::{
    SocketAddrUse, TcpSocket, UdpSocket, WasiSockets, WasiSocketsCtxView, WasiSocketsView,
};

use super::outbound::AllowedHosts;
use super::state::State;

/// Lets an instance connect to allowed addresses. Names are never resolved.
pub(super) fn configure(builder: &mut WasiCtxBuilder, allowed: Arc<AllowedHosts>) {
    builder.allow_ip_name_lookup(false).allow_tcp(true).allow_udp(true);
    builder.socket_addr_check(move |address, usage| {
        let permitted = match usage {
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind => is_implicit(address),
            SocketAddrUse::TcpConnect => allowed.allows_socket("tcp", address),
            SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => allowed.allows_socket("udp", address),
            SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => false,
        };
        Box::pin(std::future::ready(permitted))
    });
}

/// Puts this file's checks before three functions of `wasi:sockets/types`.
///
/// # Errors
///
/// When the functions cannot be defined.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:sockets/types@0.3.0")?;
    types.func_wrap(
        "[method]tcp-socket.bind",
        |_, (_socket, _address): (Resource<TcpSocket>, IpSocketAddress)| {
            Ok((Err::<(), _>(ErrorCode::AccessDenied),))
        },
    )?;
    types.func_wrap_async(
        "[method]udp-socket.bind",
        |mut store, (socket, address): (Resource<UdpSocket>, IpSocketAddress)| {
            Box::new(async move {
                let state: &mut State = store.data_mut();
                if !state.outbound.allowed.allows_socket("udp", SocketAddr::from(address)) {
                    return Ok((Err(ErrorCode::AccessDenied),));
                }
                Ok((told(state.sockets().bind(socket, address).await)?,))
            })
        },
    )?;
    types.func_wrap_concurrent(
        "[method]udp-socket.send",
        |accessor, (socket, data, address): (Resource<UdpSocket>, Vec<u8>, Option<IpSocketAddress>)| {
            Box::pin(async move {
                let sockets = &accessor.with_getter::<WasiSockets>(|state| state.sockets());
                let permitted = accessor.with(|mut access| {
                    let state: &mut State = access.get();
                    let allowed = Arc::clone(&state.outbound.allowed);
                    is_settled(&mut state.sockets(), &socket, &allowed)
                })?;
                if !permitted {
                    return Ok((Err(ErrorCode::AccessDenied),));
                }
                let sent =
                    <WasiSockets as HostUdpSocketWithStore<State>>::send(sockets, socket, data, address);
                Ok((told(sent.await)?,))
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Whether a socket has a local address, or may get any.
fn is_settled(
    sockets: &mut WasiSocketsCtxView<'_>,
    socket: &Resource<UdpSocket>,
    allowed: &AllowedHosts,
) -> wasmtime::Result<bool> {
    let borrowed = || Resource::new_borrow(socket.rep());
    if sockets.get_local_address(borrowed()).is_ok() {
        return Ok(true);
    }
    let any = match sockets.get_address_family(borrowed())? {
        IpAddressFamily::Ipv4 => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        IpAddressFamily::Ipv6 => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    Ok(allowed.allows_socket("udp", any))
}

/// The address that means a bind by the system itself.
fn is_implicit(address: SocketAddr) -> bool {
    address.ip().is_unspecified() && address.port() == 0
}

/// Separates errors for the component from errors that end it.
fn told<T>(
    result: Result<T, wasmtime_wasi::TrappableError<ErrorCode>>,
) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => error.downcast().map(Err),
    }
}
