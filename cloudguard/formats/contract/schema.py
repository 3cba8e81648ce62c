"""The JSON Schemas of the contracts, made from the same types and shapes as the documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from cloudguard.formats.contract.document import Shape, Shapes

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(of: Any, shapes: Shapes, description: str) -> Mapping[str, object]:  # noqa: ANN401 - any type
    """Return the JSON Schema of the documents that are made from values of the type ``of``.

    The schema accepts unknown members, because a later release may add members within the same version.
    """

    class Shaped(GenerateJsonSchema):
        """Applies the shapes to the schemas of dataclasses."""

        def field_title_should_be_set(self, schema: object) -> bool:
            """Return False: a title would only repeat the member's name."""
            del schema
            return False

        def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
            """Return the schema of a dataclass, changed by its shape."""
            schema_of_type = super().dataclass_schema(schema)
            shape = shapes.get(schema["cls"], Shape())
            members = cast("dict[str, Any]", schema_of_type.setdefault("properties", {}))
            required = [name for name in schema_of_type.get("required", ()) if name not in shape.left_out]
            for name in shape.left_out:
                members.pop(name, None)
            for name, member in shape.members.items():
                members[name] = self.generate_inner(TypeAdapter(member.type).core_schema)
                required += [] if member.optional or name in required else [name]
            schema_of_type["required"] = sorted(name for name in required if name not in shape.added)
            return schema_of_type

    document = TypeAdapter(of).json_schema(schema_generator=Shaped, mode="validation")
    return {"$schema": _DIALECT, **document, "description": description}
