//! The manifests for Kubernetes: against schemas, put together by kustomize, and against the project that they deploy.

mod container;
mod filter;
mod kustomize;
mod resources;
mod schemas;
mod variables;
