"""Checks Kubernetes resources: Kubernetes' own kinds against its schemas, others against the schemas of a folder.

Arguments: that folder, then files. Prints a line for each fault.
"""

import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.37"


def load(file):
    return [document for document in yaml.safe_load_all(file.read_text()) if document is not None]


def own_schemas(folder):
    schemas = {}
    for file in sorted(folder.glob("*.yaml")):
        (schema,) = load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        names = schema["properties"]
        schemas[names["apiVersion"]["const"], names["kind"]["const"]] = jsonschema.Draft7Validator(schema)
    return schemas


def faults(document, schemas):
    if not isinstance(document, dict) or not {"apiVersion", "kind"} <= document.keys():
        return ["a document without apiVersion and kind"]
    schema = schemas.get((document["apiVersion"], document["kind"]))
    if schema:
        return [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in schema.iter_errors(document)]
    try:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as fault:
        return [f"{'/'.join(map(str, fault.path))}: {fault.message}"]
    except kubernetes_validate.SchemaNotFoundError as fault:
        return [f"{fault.message}; write one in deploy/schemas"]
    return []


def main(folder, *files):
    schemas = own_schemas(pathlib.Path(folder))
    for file in map(pathlib.Path, files):
        for document in load(file):
            for fault in faults(document, schemas):
                print(f"{file}: {document.get('kind') if isinstance(document, dict) else document}: {fault}")


main(*sys.argv[1:])
