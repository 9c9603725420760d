"""Holds requests to AWS against botocore's models of the services: reads them as JSON, and writes what is wrong.

A request is taken apart as its model says. The parameters have to be valid, and botocore has to make the same request
of them.
"""
import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.serialize
import botocore.session
import botocore.validate

NAMES = {"ses": "sesv2"}
session = botocore.session.get_session()
models = {}


def model_of(service):
    name = NAMES.get(service, service)
    if name not in models:
        models[name] = session.get_service_model(name)
    return models[name]


def parameters(operation, call):
    protocol = operation.service_model.resolved_protocol
    shape = operation.input_shape
    if protocol == "json":
        return json.loads(call["body"])
    if protocol == "query":
        form = dict(urllib.parse.parse_qsl(call["body"], keep_blank_values=True))
        return from_form(shape, form, "")
    return from_rest(operation, call, protocol)


def from_form(shape, form, prefix):
    """A structure of texts and lists, which is all that is asked for in a form here."""
    found = {}
    for name, member in shape.members.items():
        key = prefix + member.serialization.get("name", name)
        if member.type_name == "list":
            items = [form[each] for each in sorted(form) if each.startswith(key + ".member.")]
            if items:
                found[name] = items
        elif key in form:
            found[name] = convert(member, form[key])
    return found


def from_rest(operation, call, protocol):
    template, _, fixed = operation.http["requestUri"].partition("?")
    pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda name: "(?P<%s>%s)" % (name[1], ".+" if name[2] else "[^/]+"),
                     re.escape(same_path(template)))
    path, _, query = call["url"].partition("?")
    in_path = re.fullmatch(pattern, same_path(path))
    if not in_path:
        raise ValueError("the path is not %s" % template)
    in_query = urllib.parse.parse_qs(query, keep_blank_values=True)
    shape = operation.input_shape
    body = body_of(shape, call["body"], protocol)
    found = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        key = member.serialization.get("name", name)
        if location == "uri":
            found[name] = convert(member, urllib.parse.unquote(in_path[key]))
        elif location == "querystring" and key in in_query:
            values = in_query[key]
            found[name] = values if member.type_name == "list" else convert(member, values[0])
        elif location in ("header", "headers"):
            value = call["headers"].get(key.lower())
            if value is not None:
                found[name] = convert(member, value)
        elif name == shape.serialization.get("payload"):
            found[name] = body
        elif location is None and isinstance(body, dict) and name in body:
            found[name] = body[name]
    if isinstance(body, dict):
        found.update({name: value for name, value in body.items() if name not in shape.members})
    return found


def body_of(shape, text, protocol):
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "blob":
        return text.encode()
    if not text:
        return {}
    if protocol == "rest-json":
        return json.loads(text)
    return from_xml(shape.members[payload] if payload else shape, ElementTree.fromstring(text))


def from_xml(shape, element):
    if shape.type_name == "structure":
        by_key = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        return dict(
            (by_key[tag][0], from_xml(by_key[tag][1], child)) if tag in by_key else (tag, child.text)
            for tag, child in ((child.tag.split("}")[-1], child) for child in element)
        )
    if shape.type_name == "list":
        return [from_xml(shape.member, child) for child in element]
    return convert(shape, element.text or "")


def convert(shape, text):
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text == "true" if shape.type_name == "boolean" else text


def beyond(shape, value, at):
    """What botocore's own check leaves to the service: enumerations, lengths and patterns."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return [each for name, part in value.items() if name in shape.members
                for each in beyond(shape.members[name], part, "%s.%s" % (at, name))]
    if shape.type_name == "list":
        return [each for part in value for each in beyond(shape.member, part, at)]
    if shape.type_name != "string":
        return []
    wrong = []
    if shape.enum and value not in shape.enum:
        wrong.append("%s is none of %s" % (at, ", ".join(shape.enum)))
    if len(value) > shape.metadata.get("max", len(value)):
        wrong.append("%s is longer than %d" % (at, shape.metadata["max"]))
    pattern = shape.metadata.get("pattern")
    if pattern and not re.search(pattern if pattern.startswith("^") else "^(?:%s)$" % pattern, value):
        wrong.append("%s does not match %s" % (at, pattern))
    return wrong


def difference(operation, params, call):
    protocol = operation.service_model.resolved_protocol
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    made = serializer.serialize_to_request(params, operation)
    if made["method"] != call["method"]:
        return ["botocore uses %s, not %s" % (made["method"], call["method"])]
    path, _, query = call["url"].partition("?")
    made_path, _, made_query = made["url_path"].partition("?")
    sent = pairs(query)
    expected = pairs(made_query) + pairs(urllib.parse.urlencode(made["query_string"] or {}, doseq=True))
    wrong = []
    if urllib.parse.unquote(same_path(path)) != urllib.parse.unquote(same_path(made_path)):
        wrong.append("botocore asks for %s" % made_path)
    if sorted(sent) != sorted(expected):
        wrong.append("botocore's query is %s" % expected)
    if meaning(protocol, call["body"]) != meaning(protocol, made["body"]):
        wrong.append("botocore's body differs")
    return wrong


def same_path(path):
    """AWS's own SDKs differ in a slash at the end, and the services take both."""
    return path.rstrip("/")


def pairs(query):
    # x-id is the operation's name, which the JavaScript SDK adds for logs.
    return [pair for pair in urllib.parse.parse_qsl(query, keep_blank_values=True) if pair[0] != "x-id"]


def meaning(protocol, body):
    if isinstance(body, dict):
        return {key: str(value) for key, value in body.items()}
    text = body.decode() if isinstance(body, bytes) else body
    if not text:
        return {}
    if protocol == "query":
        return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    if protocol == "rest-xml":
        return ElementTree.canonicalize(re.sub(r"^<\?xml[^>]*\?>", "", text))
    return json.loads(text)


def findings(call):
    operation = model_of(call["service"]).operation_model(call["operation"])
    params = parameters(operation, call)
    report = botocore.validate.ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        return [report.generate_report()]
    return beyond(operation.input_shape, params, call["operation"]) + difference(operation, params, call)


def judged(call):
    try:
        return findings(call)
    except Exception as error:  # what cannot even be taken apart is a finding as well
        return ["%s: %s" % (type(error).__name__, error)]


json.dump([judged(call) for call in json.load(sys.stdin)], sys.stdout)
