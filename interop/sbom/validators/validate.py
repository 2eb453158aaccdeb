"""validate.py cyclonedx|spdx FILE: opens a list of components with a library of the format, and prints what the library says."""

import json
import sys
from pathlib import Path


def cyclonedx(path):
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = Path(path).read_text()
    # The schema of the standard, without members that it does not name.
    errors = list(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True) or [])
    bom = Bom.from_json(json.loads(text))
    # Each dependency is of a component that exists.
    bom.validate()
    return [str(error) for error in errors], [str(component.purl) for component in bom.components]


def spdx(path):
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    document = parse_file(path)
    errors = [message.validation_message for message in validate_full_spdx_document(document)]
    described = {r.related_spdx_element_id for r in document.relationships if r.relationship_type.name == "DESCRIBES"}
    contained = [package for package in document.packages if package.spdx_id not in described]
    return errors, [reference.locator for package in contained for reference in package.external_references]


errors, purls = {"cyclonedx": cyclonedx, "spdx": spdx}[sys.argv[1]](sys.argv[2])
json.dump({"errors": errors, "purls": sorted(purls)}, sys.stdout)
