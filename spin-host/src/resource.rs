//! Handles of resources. The generated code has a type of its own for each resource; the table holds what the component
//! works with. Both know a resource by the same number.

use wasmtime::component::Resource;

/// The table's handle for one that the component lends.
pub(crate) fn borrowed<A: 'static, B: 'static>(handle: &Resource<A>) -> Resource<B> {
    Resource::new_borrow(handle.rep())
}

/// The same resource, which passes from the component to the table or back.
pub(crate) fn owned<A: 'static, B: 'static>(handle: &Resource<A>) -> Resource<B> {
    Resource::new_own(handle.rep())
}
