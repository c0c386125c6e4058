//! Handles of resources. The generated code has a separate type for each resource; the table holds the host's objects.
//! Both identify a resource by the same number.

use wasmtime::component::Resource;

/// The table's handle for a resource that the component lends.
pub(crate) fn borrowed<A: 'static, B: 'static>(handle: &Resource<A>) -> Resource<B> {
    Resource::new_borrow(handle.rep())
}

/// The same resource, with ownership passed from the component to the table or back.
pub(crate) fn owned<A: 'static, B: 'static>(handle: &Resource<A>) -> Resource<B> {
    Resource::new_own(handle.rep())
}
