// Generated from schemas/workflow.v1.json by scripts/generate-types.mjs: change the schema, not this file.
import type { SchemaNode } from "../schema-node.ts";

export const manifestSchema: SchemaNode = {
 "type": "object",
 "x-place": "manifest",
 "properties": {
  "muster": {
   "const": 1
  },
  "name": {
   "$ref": "#/$defs/name"
  },
  "version": {
   "type": "string",
   "pattern": "^\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?$",
   "x-says": "a version of three numbers such as 1.2.0",
   "x-text": "version"
  },
  "description": {
   "type": "string"
  },
  "inputs": {
   "type": "object",
   "additionalProperties": {
    "$ref": "#/$defs/input"
   },
   "propertyNames": {
    "$ref": "#/$defs/id"
   }
  },
  "env": {
   "$ref": "#/$defs/environment"
  },
  "secrets": {
   "type": "array",
   "items": {
    "$ref": "#/$defs/environmentName"
   },
   "uniqueItems": true
  },
  "models": {
   "type": "object",
   "additionalProperties": {
    "$ref": "#/$defs/model"
   },
   "propertyNames": {
    "$ref": "#/$defs/name"
   }
  },
  "agents": {
   "type": "object",
   "additionalProperties": {
    "$ref": "#/$defs/agent"
   },
   "propertyNames": {
    "$ref": "#/$defs/name"
   }
  },
  "limits": {
   "$ref": "#/$defs/limits"
  },
  "defaults": {
   "$ref": "#/$defs/defaults"
  },
  "steps": {
   "$ref": "#/$defs/stepMap"
  },
  "outputs": {
   "$ref": "#/$defs/valueMap"
  },
  "sessions": {
   "type": "object",
   "additionalProperties": {
    "type": "object",
    "properties": {
     "agent": {
      "$ref": "#/$defs/name"
     },
     "pool": {
      "type": "integer",
      "minimum": 1
     },
     "idle": {
      "$ref": "#/$defs/duration"
     },
     "scope": {
      "enum": [
       "run",
       "project"
      ]
     },
     "thread": {
      "x-since": "later"
     },
     "health": {
      "x-since": "later"
     }
    },
    "patternProperties": {
     "^x-": true
    },
    "additionalProperties": false,
    "required": [
     "agent"
    ]
   },
   "propertyNames": {
    "$ref": "#/$defs/name"
   }
  },
  "channels": {
   "x-since": "later"
  },
  "permissions": {
   "$ref": "#/$defs/permissions"
  },
  "workspace": {
   "$ref": "#/$defs/workspace"
  },
  "artifacts": {
   "type": "object",
   "properties": {
    "store": {
     "type": "string",
     "pattern": "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9!_.*'()-]+)*/?$",
     "x-says": "s3://BUCKET or s3://BUCKET/PREFIX",
     "x-text": "bucket"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "store"
   ]
  },
  "events": {
   "type": "object",
   "properties": {
    "file": {
     "type": "string"
    },
    "otlp": {
     "type": "string",
     "pattern": "^https?://[^\\s/?#@]+(?:/[^\\s?#]*)?$",
     "x-says": "the address of a collector such as http://127.0.0.1:4318"
    },
    "keep": {
     "$ref": "#/$defs/duration"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "on": {
   "x-since": "later"
  },
  "finally": {
   "$ref": "#/$defs/stepMap"
  },
  "variants": {
   "type": "object",
   "minProperties": 1,
   "additionalProperties": {
    "type": "object",
    "properties": {
     "weight": {
      "type": "number",
      "minimum": 0
     },
     "uses": {
      "type": "string"
     }
    },
    "patternProperties": {
     "^x-": true
    },
    "additionalProperties": false,
    "required": [
     "uses"
    ]
   },
   "propertyNames": {
    "$ref": "#/$defs/id"
   }
  },
  "score": {
   "$ref": "#/$defs/expression"
  },
  "roi": {
   "type": "object",
   "properties": {
    "manual_hours": {
     "type": "number",
     "minimum": 0
    },
    "hourly_rate": {
     "type": "number",
     "minimum": 0
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "manual_hours",
    "hourly_rate"
   ]
  }
 },
 "patternProperties": {
  "^x-": true
 },
 "additionalProperties": false,
 "required": [
  "muster",
  "name"
 ],
 "anyOf": [
  {
   "required": [
    "steps"
   ]
  },
  {
   "required": [
    "variants"
   ]
  }
 ],
 "$defs": {
  "id": {
   "type": "string",
   "pattern": "^[a-z][a-z0-9_]{0,63}$",
   "x-says": "lower-case letters, digits and `_`, starting with a letter, at most 64 characters",
   "x-text": "name"
  },
  "name": {
   "type": "string",
   "pattern": "^[a-z][a-z0-9_-]{0,63}$",
   "x-says": "lower-case letters, digits, `_` and `-`, starting with a letter, at most 64 characters",
   "x-text": "name"
  },
  "environmentName": {
   "type": "string",
   "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
   "x-says": "letters, digits and `_`, not starting with a digit",
   "x-text": "name"
  },
  "duration": {
   "type": "string",
   "pattern": "^(?=.)(?:\\d+d)?(?:\\d+h)?(?:\\d+m(?!s))?(?:\\d+s)?(?:\\d+ms)?$",
   "x-says": "a duration such as 500ms, 90s, 5m, 1h30m or 7d",
   "x-text": "duration"
  },
  "size": {
   "type": "string",
   "pattern": "^\\d+(?:B|KiB|MiB|GiB|TiB)$",
   "x-says": "a size such as 64KiB or 256MiB",
   "x-text": "size"
  },
  "expression": {
   "type": "string"
  },
  "failureClass": {
   "enum": [
    "rate_limit",
    "overloaded",
    "server",
    "network",
    "timeout",
    "output",
    "tool",
    "exit",
    "refused",
    "auth",
    "invalid",
    "budget",
    "cancelled",
    "internal"
   ]
  },
  "backoff": {
   "enum": [
    "fixed",
    "exponential"
   ]
  },
  "effort": {
   "enum": [
    "low",
    "medium",
    "high",
    "xhigh",
    "max"
   ]
  },
  "shell": {
   "enum": [
    "sh",
    "bash",
    "zsh"
   ]
  },
  "environment": {
   "type": "object",
   "additionalProperties": {
    "type": "string"
   },
   "propertyNames": {
    "$ref": "#/$defs/environmentName"
   }
  },
  "modelName": {
   "type": "string",
   "pattern": "^(?:[a-z][a-z0-9_-]{0,63}|[a-z][a-z0-9_-]*/[^\\s{}]+)$",
   "x-says": "a name from `models` or an id such as anthropic/claude-haiku-5-5",
   "x-later-pattern": "^\\$\\{\\{"
  },
  "modelChoice": {
   "x-says": "a model or a list of models",
   "anyOf": [
    {
     "$ref": "#/$defs/modelName"
    },
    {
     "type": "array",
     "items": {
      "$ref": "#/$defs/modelName"
     },
     "minItems": 1,
     "uniqueItems": true
    }
   ]
  },
  "modelSettings": {
   "type": "object",
   "x-place": "model",
   "properties": {
    "model": {
     "$ref": "#/$defs/modelName"
    },
    "base_url": {
     "type": "string",
     "pattern": "^https?://[^\\s{}]+$",
     "x-says": "an address that starts with https:// or http://"
    },
    "api_key": {
     "type": "string",
     "pattern": "^\\$\\{\\{\\s*secrets\\.[A-Za-z_][A-Za-z0-9_]{0,127}\\s*\\}\\}$",
     "x-says": "one secret, written ${{ secrets.NAME }}; a key never stands in the file",
     "x-sensitive": true
    },
    "price": {
     "$ref": "#/$defs/price"
    },
    "max_tokens": {
     "type": "integer",
     "minimum": 1
    },
    "temperature": {
     "type": "number",
     "minimum": 0,
     "maximum": 2
    },
    "effort": {
     "$ref": "#/$defs/effort"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "model"
   ]
  },
  "price": {
   "type": "object",
   "properties": {
    "input": {
     "type": "number",
     "minimum": 0
    },
    "output": {
     "type": "number",
     "minimum": 0
    },
    "cache_read": {
     "type": "number",
     "minimum": 0
    },
    "cache_write": {
     "type": "number",
     "minimum": 0
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "input",
    "output"
   ]
  },
  "model": {
   "x-says": "a model id, a list of them, or a map with `model` and settings",
   "anyOf": [
    {
     "$ref": "#/$defs/modelName"
    },
    {
     "type": "array",
     "items": {
      "$ref": "#/$defs/modelName"
     },
     "minItems": 1,
     "uniqueItems": true
    },
    {
     "$ref": "#/$defs/modelSettings"
    }
   ]
  },
  "jsonType": {
   "enum": [
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "null"
   ]
  },
  "jsonSchema": {
   "x-says": "a JSON Schema: a map, true or false",
   "anyOf": [
    {
     "type": "boolean"
    },
    {
     "$ref": "#/$defs/jsonSchemaObject"
    }
   ]
  },
  "jsonSchemaObject": {
   "type": "object",
   "x-place": "schema",
   "properties": {
    "type": {
     "x-says": "string, number, integer, boolean, object, array, null, or a list of these",
     "x-text": "json-type",
     "anyOf": [
      {
       "$ref": "#/$defs/jsonType"
      },
      {
       "type": "array",
       "items": {
        "$ref": "#/$defs/jsonType"
       },
       "minItems": 1,
       "uniqueItems": true
      }
     ]
    },
    "title": {
     "type": "string"
    },
    "description": {
     "type": "string"
    },
    "examples": {
     "type": "array",
     "items": {
      "x-any": true
     }
    },
    "default": {
     "x-any": true
    },
    "deprecated": {
     "type": "boolean"
    },
    "readOnly": {
     "type": "boolean"
    },
    "writeOnly": {
     "type": "boolean"
    },
    "$comment": {
     "type": "string"
    },
    "$schema": {
     "enum": [
      "https://json-schema.org/draft/2020-12/schema"
     ]
    },
    "$defs": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/jsonSchema"
     }
    },
    "definitions": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/jsonSchema"
     }
    },
    "$ref": {
     "type": "string",
     "pattern": "^#(?:/.*)?$",
     "x-says": "a place in this schema, `#` or `#/$defs/NAME`"
    },
    "enum": {
     "type": "array",
     "items": {
      "x-any": true
     },
     "minItems": 1,
     "uniqueItems": true
    },
    "const": {
     "x-any": true
    },
    "properties": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/jsonSchema"
     }
    },
    "patternProperties": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/jsonSchema"
     },
     "propertyNames": {
      "x-text": "regex"
     }
    },
    "additionalProperties": {
     "$ref": "#/$defs/jsonSchema"
    },
    "unevaluatedProperties": {
     "$ref": "#/$defs/jsonSchema"
    },
    "propertyNames": {
     "$ref": "#/$defs/jsonSchema"
    },
    "required": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "uniqueItems": true
    },
    "dependentRequired": {
     "type": "object",
     "additionalProperties": {
      "type": "array",
      "items": {
       "type": "string"
      },
      "uniqueItems": true
     }
    },
    "dependentSchemas": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/jsonSchema"
     }
    },
    "minProperties": {
     "type": "integer",
     "minimum": 0
    },
    "maxProperties": {
     "type": "integer",
     "minimum": 0
    },
    "items": {
     "$ref": "#/$defs/jsonSchema"
    },
    "prefixItems": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/jsonSchema"
     },
     "minItems": 1
    },
    "contains": {
     "$ref": "#/$defs/jsonSchema"
    },
    "minContains": {
     "type": "integer",
     "minimum": 0
    },
    "maxContains": {
     "type": "integer",
     "minimum": 0
    },
    "unevaluatedItems": {
     "$ref": "#/$defs/jsonSchema"
    },
    "minItems": {
     "type": "integer",
     "minimum": 0
    },
    "maxItems": {
     "type": "integer",
     "minimum": 0
    },
    "uniqueItems": {
     "type": "boolean"
    },
    "minLength": {
     "type": "integer",
     "minimum": 0
    },
    "maxLength": {
     "type": "integer",
     "minimum": 0
    },
    "pattern": {
     "type": "string",
     "x-text": "regex"
    },
    "format": {
     "enum": [
      "date-time",
      "date",
      "time",
      "duration",
      "email",
      "hostname",
      "ipv4",
      "ipv6",
      "uri",
      "uri-reference",
      "uri-template",
      "url",
      "uuid",
      "regex",
      "json-pointer",
      "relative-json-pointer",
      "byte",
      "int32",
      "int64",
      "float",
      "double",
      "password",
      "binary",
      "iso-time",
      "iso-date-time"
     ]
    },
    "contentEncoding": {
     "type": "string"
    },
    "contentMediaType": {
     "type": "string"
    },
    "minimum": {
     "type": "number"
    },
    "maximum": {
     "type": "number"
    },
    "exclusiveMinimum": {
     "type": "number"
    },
    "exclusiveMaximum": {
     "type": "number"
    },
    "multipleOf": {
     "type": "number",
     "exclusiveMinimum": 0
    },
    "allOf": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/jsonSchema"
     },
     "minItems": 1
    },
    "anyOf": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/jsonSchema"
     },
     "minItems": 1
    },
    "oneOf": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/jsonSchema"
     },
     "minItems": 1
    },
    "not": {
     "$ref": "#/$defs/jsonSchema"
    },
    "if": {
     "$ref": "#/$defs/jsonSchema"
    },
    "then": {
     "$ref": "#/$defs/jsonSchema"
    },
    "else": {
     "$ref": "#/$defs/jsonSchema"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "output": {
   "$ref": "#/$defs/jsonSchemaObject"
  },
  "input": {
   "$ref": "#/$defs/jsonSchemaObject"
  },
  "needs": {
   "anyOf": [
    {
     "$ref": "#/$defs/id"
    },
    {
     "type": "array",
     "items": {
      "$ref": "#/$defs/id"
     },
     "uniqueItems": true
    },
    {
     "$ref": "#/$defs/needsAny"
    },
    {
     "$ref": "#/$defs/needsAtLeast"
    }
   ],
   "x-says": "the name of a step, a list of names, `{ any: [...] }` or `{ at_least: 2, of: [...] }`"
  },
  "needsAny": {
   "type": "object",
   "x-kind": "any",
   "x-place": "needs",
   "properties": {
    "any": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/id"
     },
     "minItems": 1,
     "uniqueItems": true
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "any"
   ]
  },
  "needsAtLeast": {
   "type": "object",
   "x-kind": "at_least",
   "x-place": "needs",
   "properties": {
    "at_least": {
     "type": "integer",
     "minimum": 1
    },
    "of": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/id"
     },
     "minItems": 1,
     "uniqueItems": true
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "at_least",
    "of"
   ]
  },
  "condition": {
   "type": [
    "string",
    "boolean"
   ],
   "x-says": "an expression"
  },
  "forEach": {
   "anyOf": [
    {
     "type": "string",
     "pattern": "^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$",
     "x-says": "a list, an expression such as ${{ inputs.sites }}, or { glob: \"docs/*.md\" }",
     "x-text": "list-expression"
    },
    {
     "type": "array",
     "items": {
      "x-any": true
     }
    },
    {
     "type": "object",
     "properties": {
      "glob": {
       "type": "string",
       "pattern": "\\S",
       "x-says": "a pattern such as docs/*.md"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "glob"
     ]
    }
   ],
   "x-says": "a list, an expression such as ${{ inputs.sites }}, or { glob: \"docs/*.md\" }"
  },
  "join": {
   "anyOf": [
    {
     "enum": [
      "all",
      "any",
      "settled"
     ]
    },
    {
     "type": "object",
     "properties": {
      "at_least": {
       "type": "integer",
       "minimum": 1
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "at_least"
     ]
    }
   ],
   "x-says": "all, any, settled or `{ at_least: 2 }`"
  },
  "timeout": {
   "$ref": "#/$defs/duration",
   "pattern": "[1-9]",
   "x-says": "a duration longer than nothing, such as 90s or 5m"
  },
  "retry": {
   "type": "object",
   "x-place": "retry",
   "properties": {
    "max_attempts": {
     "type": "integer",
     "minimum": 1,
     "maximum": 100
    },
    "backoff": {
     "$ref": "#/$defs/backoff"
    },
    "delay": {
     "$ref": "#/$defs/duration"
    },
    "max_delay": {
     "$ref": "#/$defs/duration"
    },
    "jitter": {
     "type": "boolean"
    },
    "on": {
     "type": "array",
     "items": {
      "$ref": "#/$defs/failureClass"
     },
     "minItems": 1,
     "uniqueItems": true
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "onError": {
   "anyOf": [
    {
     "enum": [
      "fail",
      "continue"
     ]
    },
    {
     "type": "object",
     "properties": {
      "output": {
       "x-any": true
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "output"
     ]
    }
   ],
   "x-says": "fail, continue or `{ output: ... }`"
  },
  "files": {
   "x-says": "a path, folder or glob such as out/*.json, or a list of them",
   "anyOf": [
    {
     "type": "string",
     "pattern": "\\S",
     "x-says": "a path, folder or glob such as out/*.json"
    },
    {
     "type": "array",
     "items": {
      "type": "string",
      "pattern": "\\S",
      "x-says": "a path, folder or glob such as out/*.json"
     },
     "minItems": 1
    }
   ]
  },
  "permissions": {
   "type": "object",
   "properties": {
    "files": {
     "enum": [
      "none",
      "read",
      "write"
     ]
    },
    "network": {
     "type": "array",
     "uniqueItems": true,
     "items": {
      "$ref": "#/$defs/hostPattern"
     }
    },
    "shell": {
     "anyOf": [
      {
       "enum": [
        "none",
        "any"
       ]
      },
      {
       "type": "array",
       "uniqueItems": true,
       "items": {
        "$ref": "#/$defs/program"
       }
      }
     ],
     "x-says": "none, any or a list of programs"
    },
    "state": {
     "enum": [
      "none",
      "read",
      "write"
     ]
    },
    "sessions": {
     "anyOf": [
      {
       "enum": [
        "none"
       ]
      },
      {
       "type": "array",
       "items": {
        "type": "string"
       }
      }
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "x-place": "permissions"
  },
  "budget": {
   "type": "object",
   "properties": {
    "usd": {
     "type": "number",
     "minimum": 0
    },
    "tokens": {
     "type": "integer",
     "minimum": 0
    },
    "calls": {
     "type": "integer",
     "minimum": 0
    },
    "warn_at": {
     "type": "number",
     "minimum": 0,
     "maximum": 1
    },
    "on_exceeded": {
     "enum": [
      "fail",
      "pause"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "sandbox": {
   "enum": [
    "require",
    "prefer",
    "off"
   ]
  },
  "cache": {
   "x-says": "true, false or { key: inputs.url, ttl: 7d }",
   "anyOf": [
    {
     "type": "boolean"
    },
    {
     "type": "object",
     "minProperties": 1,
     "x-says": "{ key: inputs.url, ttl: 7d }",
     "properties": {
      "key": {
       "$ref": "#/$defs/expression",
       "pattern": "\\S",
       "x-says": "an expression"
      },
      "ttl": {
       "$ref": "#/$defs/duration"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false
    }
   ]
  },
  "stepMap": {
   "type": "object",
   "additionalProperties": {
    "$ref": "#/$defs/step"
   },
   "propertyNames": {
    "$ref": "#/$defs/id"
   },
   "minProperties": 1
  },
  "valueMap": {
   "type": "object",
   "propertyNames": {
    "$ref": "#/$defs/id"
   },
   "additionalProperties": {
    "x-any": true
   }
  },
  "approval": {
   "x-says": "{ prompt: ... }",
   "type": "object",
   "properties": {
    "prompt": {
     "type": "string"
    },
    "approvers": {
     "type": "array",
     "items": {
      "type": "string",
      "pattern": "^[a-z][a-z0-9_-]*:\\S+$",
      "x-says": "an identity such as github:octocat or oidc:repo:acme/site"
     },
     "minItems": 1,
     "uniqueItems": true
    },
    "not_initiator": {
     "type": "boolean"
    },
    "timeout": {
     "$ref": "#/$defs/duration"
    },
    "on_timeout": {
     "enum": [
      "reject",
      "fail"
     ]
    },
    "input": {
     "$ref": "#/$defs/jsonSchemaObject"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "prompt"
   ]
  },
  "itemKey": {
   "$ref": "#/$defs/expression",
   "pattern": "\\S",
   "x-says": "an expression"
  },
  "batch": {
   "anyOf": [
    {
     "type": "integer",
     "minimum": 1
    },
    {
     "type": "object",
     "properties": {
      "size": {
       "type": "integer",
       "minimum": 1
      },
      "flatten": {
       "type": "boolean"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "size"
     ]
    }
   ],
   "x-says": "a number of items, or { size: 10 }"
  },
  "batchApi": {
   "type": "boolean"
  },
  "matrix": {
   "type": "object",
   "properties": {
    "include": {
     "type": "array",
     "items": {
      "type": "object",
      "additionalProperties": {
       "x-any": true
      },
      "minProperties": 1,
      "propertyNames": {
       "$ref": "#/$defs/id"
      }
     }
    },
    "exclude": {
     "type": "array",
     "items": {
      "type": "object",
      "additionalProperties": {
       "x-any": true
      },
      "minProperties": 1,
      "propertyNames": {
       "$ref": "#/$defs/id"
      }
     }
    }
   },
   "additionalProperties": {
    "type": "array",
    "items": {
     "x-any": true
    },
    "minItems": 1
   },
   "propertyNames": {
    "$ref": "#/$defs/id"
   },
   "minProperties": 1
  },
  "repeat": {
   "type": "object",
   "properties": {
    "until": {
     "$ref": "#/$defs/expression",
     "pattern": "\\S",
     "x-says": "an expression"
    },
    "max": {
     "type": "integer",
     "minimum": 1,
     "maximum": 1000
    },
    "delay": {
     "$ref": "#/$defs/duration"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "until"
   ]
  },
  "fallback": {
   "type": "array",
   "items": {
    "type": "object",
    "properties": {
     "model": {
      "$ref": "#/$defs/modelChoice"
     },
     "agent": {
      "$ref": "#/$defs/name"
     }
    },
    "patternProperties": {
     "^x-": true
    },
    "additionalProperties": false,
    "minProperties": 1,
    "x-says": "{ model: ... } or { agent: ... }"
   },
   "minItems": 1
  },
  "workspace": {
   "anyOf": [
    {
     "type": "string",
     "pattern": "^(?:repo|isolated|worktree)$",
     "x-says": "repo, isolated or worktree"
    },
    {
     "type": "object",
     "properties": {
      "path": {
       "type": "string",
       "pattern": "\\S",
       "x-says": "a folder such as build"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "path"
     ]
    }
   ],
   "x-says": "repo, isolated, worktree or { path: build }"
  },
  "reads": {
   "$ref": "#/$defs/files"
  },
  "writes": {
   "$ref": "#/$defs/files"
  },
  "simulate": {
   "type": "object",
   "properties": {
    "output": {
     "x-any": true
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "output"
   ]
  },
  "stepDescription": {
   "type": "string"
  },
  "idempotent": {
   "type": "boolean"
  },
  "maxParallel": {
   "type": "integer",
   "minimum": 1
  },
  "maxItems": {
   "type": "integer",
   "minimum": 1,
   "maximum": 1000000
  },
  "failFast": {
   "type": "boolean"
  },
  "stepEnvironment": {
   "$ref": "#/$defs/environment"
  },
  "stepModel": {
   "x-says": "a model or a list of models",
   "anyOf": [
    {
     "$ref": "#/$defs/matrixModel"
    },
    {
     "type": "array",
     "items": {
      "$ref": "#/$defs/modelName"
     },
     "minItems": 1,
     "uniqueItems": true
    }
   ]
  },
  "task": {
   "type": "string"
  },
  "agentStep": {
   "type": "object",
   "x-kind": "agent",
   "x-place": "step",
   "properties": {
    "agent": {
     "type": "string",
     "pattern": "^(?:[a-z][a-z0-9_-]{0,63}|\\s*\\$\\{\\{.*\\}\\}\\s*)$",
     "x-says": "the name of an agent, or an expression ${{ }} that chooses one"
    },
    "task": {
     "$ref": "#/$defs/task"
    },
    "model": {
     "$ref": "#/$defs/stepModel"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "batch_api": {
     "$ref": "#/$defs/batchApi"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "agent",
    "task"
   ]
  },
  "runStep": {
   "type": "object",
   "x-kind": "run",
   "x-place": "step",
   "properties": {
    "run": {
     "anyOf": [
      {
       "type": "string",
       "pattern": "\\S",
       "x-says": "a script that is not empty"
      },
      {
       "type": "array",
       "items": {
        "type": "string"
       },
       "minItems": 1
      }
     ],
     "x-says": "a script, or a list of a program and its arguments"
    },
    "shell": {
     "$ref": "#/$defs/shell"
    },
    "stdin": {
     "type": "string"
    },
    "env": {
     "$ref": "#/$defs/stepEnvironment"
    },
    "cwd": {
     "type": "string"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "run"
   ]
  },
  "valueStep": {
   "type": "object",
   "x-kind": "value",
   "x-place": "step",
   "properties": {
    "value": {
     "x-any": true
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "value"
   ]
  },
  "sessionStep": {
   "type": "object",
   "x-kind": "session",
   "x-place": "step",
   "properties": {
    "session": {
     "$ref": "#/$defs/name"
    },
    "task": {
     "$ref": "#/$defs/task"
    },
    "model": {
     "$ref": "#/$defs/stepModel"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "session",
    "task"
   ]
  },
  "handoffStep": {
   "type": "object",
   "x-kind": "handoff",
   "x-place": "step",
   "properties": {
    "handoff": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "agent": {
        "$ref": "#/$defs/name"
       },
       "accept": {
        "$ref": "#/$defs/expression"
       },
       "approval": {
        "$ref": "#/$defs/approval"
       }
      },
      "patternProperties": {
       "^x-": true
      },
      "additionalProperties": false,
      "x-says": "{ agent: ..., accept: ... } or { approval: { prompt: ... }, accept: ... }"
     },
     "minItems": 1
    },
    "task": {
     "$ref": "#/$defs/task"
    },
    "model": {
     "$ref": "#/$defs/modelChoice"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "handoff",
    "task"
   ]
  },
  "httpStep": {
   "type": "object",
   "x-kind": "http",
   "x-place": "step",
   "properties": {
    "http": {
     "$ref": "#/$defs/httpRequest"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "http"
   ]
  },
  "sqlStep": {
   "type": "object",
   "x-kind": "sql",
   "x-place": "step",
   "properties": {
    "sql": {
     "$ref": "#/$defs/sqlQuery"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "sql"
   ]
  },
  "stateStep": {
   "type": "object",
   "x-kind": "state",
   "x-place": "step",
   "properties": {
    "state": {
     "anyOf": [
      {
       "$ref": "#/$defs/stateGet"
      },
      {
       "$ref": "#/$defs/stateSet"
      },
      {
       "$ref": "#/$defs/stateDelete"
      },
      {
       "$ref": "#/$defs/stateIncrement"
      },
      {
       "$ref": "#/$defs/stateList"
      },
      {
       "$ref": "#/$defs/stateCompareAndSet"
      }
     ],
     "x-says": "one of { get: key }, { set: key, value }, { delete: key }, { increment: key, by }, { list: prefix }, { compare_and_set: key, from, to }"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "state"
   ]
  },
  "usesStep": {
   "type": "object",
   "x-kind": "uses",
   "x-place": "step",
   "properties": {
    "uses": {
     "type": "string",
     "pattern": "^(?:\\.{1,2}/\\S|[A-Za-z0-9][A-Za-z0-9-]{0,38}/\\.?[\\w-][\\w.-]{0,98}/(?:\\.?[\\w+-][\\w.+-]*/)*\\.?[\\w+-][\\w.+-]*@[0-9a-f]{40}$)",
     "x-says": "a path such as ./summary.yaml, or owner/repo/path@SHA",
     "x-text": "manifest-path"
    },
    "with": {
     "type": "object",
     "additionalProperties": {
      "x-any": true
     }
    },
    "secrets": {
     "anyOf": [
      {
       "enum": [
        "inherit"
       ]
      },
      {
       "type": "array",
       "items": {
        "$ref": "#/$defs/environmentName"
       },
       "uniqueItems": true
      }
     ],
     "x-says": "inherit, or a list of names"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "uses"
   ]
  },
  "stepsStep": {
   "type": "object",
   "x-kind": "steps",
   "x-place": "step",
   "properties": {
    "steps": {
     "$ref": "#/$defs/stepMap"
    },
    "outputs": {
     "$ref": "#/$defs/valueMap"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "steps"
   ]
  },
  "approvalStep": {
   "type": "object",
   "x-kind": "approval",
   "x-place": "step",
   "properties": {
    "approval": {
     "$ref": "#/$defs/approval"
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "approval"
   ]
  },
  "sendStep": {
   "type": "object",
   "x-kind": "send",
   "x-place": "step",
   "properties": {
    "send": {
     "type": "object",
     "properties": {
      "to": {
       "$ref": "#/$defs/name"
      },
      "message": {
       "type": "string"
      },
      "wait": {
       "$ref": "#/$defs/duration"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "to",
      "message"
     ]
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "send"
   ]
  },
  "waitStep": {
   "type": "object",
   "x-kind": "wait",
   "x-place": "step",
   "properties": {
    "wait": {
     "type": "object",
     "properties": {
      "for": {
       "$ref": "#/$defs/duration"
      },
      "until": {
       "type": "string",
       "pattern": "\\S",
       "x-says": "a time such as 2027-01-01T00:00:00Z"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "x-place": "wait",
     "x-says": "{ for: 10m } or { until: 2027-01-01T00:00:00Z }",
     "anyOf": [
      {
       "required": [
        "for"
       ]
      },
      {
       "required": [
        "until"
       ]
      }
     ]
    },
    "env": {
     "x-since": "later"
    },
    "description": {
     "$ref": "#/$defs/stepDescription"
    },
    "needs": {
     "$ref": "#/$defs/needs"
    },
    "if": {
     "$ref": "#/$defs/condition"
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "output": {
     "$ref": "#/$defs/output"
    },
    "idempotent": {
     "$ref": "#/$defs/idempotent"
    },
    "for_each": {
     "$ref": "#/$defs/forEach"
    },
    "join": {
     "$ref": "#/$defs/join"
    },
    "max_parallel": {
     "$ref": "#/$defs/maxParallel"
    },
    "max_items": {
     "$ref": "#/$defs/maxItems"
    },
    "fail_fast": {
     "$ref": "#/$defs/failFast"
    },
    "item_key": {
     "$ref": "#/$defs/itemKey"
    },
    "batch": {
     "$ref": "#/$defs/batch"
    },
    "matrix": {
     "$ref": "#/$defs/matrix"
    },
    "repeat": {
     "$ref": "#/$defs/repeat"
    },
    "fallback": {
     "$ref": "#/$defs/fallback"
    },
    "cache": {
     "$ref": "#/$defs/cache"
    },
    "workspace": {
     "$ref": "#/$defs/workspace"
    },
    "reads": {
     "$ref": "#/$defs/reads"
    },
    "writes": {
     "$ref": "#/$defs/writes"
    },
    "region": {
     "x-since": "later"
    },
    "simulate": {
     "$ref": "#/$defs/simulate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "wait"
   ]
  },
  "step": {
   "x-place": "step",
   "x-says": "a map with one of the keys agent, run, value, handoff, http, sql, state, uses, steps, approval or wait",
   "anyOf": [
    {
     "$ref": "#/$defs/agentStep"
    },
    {
     "$ref": "#/$defs/runStep"
    },
    {
     "$ref": "#/$defs/valueStep"
    },
    {
     "$ref": "#/$defs/sessionStep"
    },
    {
     "$ref": "#/$defs/handoffStep"
    },
    {
     "$ref": "#/$defs/httpStep"
    },
    {
     "$ref": "#/$defs/sqlStep"
    },
    {
     "$ref": "#/$defs/stateStep"
    },
    {
     "$ref": "#/$defs/usesStep"
    },
    {
     "$ref": "#/$defs/stepsStep"
    },
    {
     "$ref": "#/$defs/approvalStep"
    },
    {
     "$ref": "#/$defs/sendStep"
    },
    {
     "$ref": "#/$defs/waitStep"
    }
   ]
  },
  "agent": {
   "type": "object",
   "x-place": "agent",
   "properties": {
    "model": {
     "$ref": "#/$defs/modelChoice"
    },
    "instructions": {
     "type": "string"
    },
    "max_tokens": {
     "type": "integer",
     "minimum": 1
    },
    "tools": {
     "type": "array",
     "items": {
      "type": "string"
     }
    },
    "mcp": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/$defs/mcpServer"
     },
     "propertyNames": {
      "$ref": "#/$defs/name"
     }
    },
    "permissions": {
     "$ref": "#/$defs/permissions"
    },
    "sandbox": {
     "$ref": "#/$defs/sandbox"
    },
    "resources": {
     "type": "object",
     "properties": {
      "memory": {
       "$ref": "#/$defs/size"
      },
      "cpu": {
       "$ref": "#/$defs/duration"
      },
      "processes": {
       "type": "integer",
       "minimum": 1
      },
      "output": {
       "$ref": "#/$defs/size"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false
    },
    "spawn": {
     "type": "object",
     "properties": {
      "agents": {
       "type": "array",
       "minItems": 1,
       "items": {
        "$ref": "#/$defs/name"
       }
      },
      "max_children": {
       "type": "integer",
       "minimum": 1,
       "maximum": 1000
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "agents"
     ]
    },
    "env": {
     "$ref": "#/$defs/environment"
    },
    "budget": {
     "$ref": "#/$defs/budget"
    },
    "assume": {
     "type": "object",
     "properties": {
      "usd": {
       "type": "number",
       "minimum": 0
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "usd"
     ]
    },
    "max_turns": {
     "type": "integer",
     "minimum": 1
    },
    "acp": {
     "type": "object",
     "properties": {
      "command": {
       "type": "array",
       "items": {
        "type": "string"
       },
       "minItems": 1
      },
      "mode": {
       "type": "string"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "command"
     ]
    },
    "command": {
     "type": "object",
     "properties": {
      "argv": {
       "type": "array",
       "items": {
        "type": "string"
       },
       "minItems": 1
      },
      "stdin": {
       "enum": [
        "prompt"
       ]
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false,
     "required": [
      "argv"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "limits": {
   "type": "object",
   "x-place": "limits",
   "properties": {
    "concurrency": {
     "type": "integer",
     "minimum": 1,
     "maximum": 10000
    },
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "grace": {
     "$ref": "#/$defs/duration"
    },
    "budget": {
     "$ref": "#/$defs/budget"
    },
    "rate": {
     "type": "object",
     "properties": {
      "spawns": {
       "$ref": "#/$defs/rate"
      },
      "anthropic": {
       "$ref": "#/$defs/providerRate"
      },
      "openai": {
       "$ref": "#/$defs/providerRate"
      },
      "ollama": {
       "$ref": "#/$defs/providerRate"
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false
    },
    "circuit_breaker": {
     "type": "object",
     "properties": {
      "failures": {
       "type": "integer",
       "minimum": 1
      },
      "cooldown": {
       "$ref": "#/$defs/duration"
      },
      "scope": {
       "enum": [
        "run",
        "model",
        "agent"
       ]
      }
     },
     "patternProperties": {
      "^x-": true
     },
     "additionalProperties": false
    },
    "agents": {
     "type": "integer",
     "minimum": 0
    },
    "depth": {
     "type": "integer",
     "minimum": 0,
     "maximum": 32
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "defaults": {
   "type": "object",
   "x-place": "defaults",
   "properties": {
    "timeout": {
     "$ref": "#/$defs/timeout"
    },
    "retry": {
     "$ref": "#/$defs/retry"
    },
    "on_error": {
     "$ref": "#/$defs/onError"
    },
    "model": {
     "$ref": "#/$defs/modelChoice"
    },
    "cache": {
     "x-says": "true, false or { ttl: 7d }",
     "anyOf": [
      {
       "type": "boolean"
      },
      {
       "type": "object",
       "properties": {
        "ttl": {
         "$ref": "#/$defs/duration"
        }
       },
       "patternProperties": {
        "^x-": true
       },
       "additionalProperties": false,
       "required": [
        "ttl"
       ]
      }
     ]
    },
    "sandbox": {
     "$ref": "#/$defs/sandbox"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "matrixModel": {
   "type": "string",
   "pattern": "^(?:[a-z][a-z0-9_-]{0,63}|[a-z][a-z0-9_-]*/[^\\s{}]+|\\s*\\$\\{\\{\\s*matrix\\.[a-z][a-z0-9_]*\\s*\\}\\}\\s*)$",
   "x-says": "a name from `models` or an id such as anthropic/claude-haiku-5-5",
   "x-later-pattern": "^\\s*\\$\\{\\{(?!\\s*matrix\\.[a-z][a-z0-9_]*\\s*\\}\\})"
  },
  "hostPattern": {
   "type": "string",
   "pattern": "^(?:\\*|(?:\\*\\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\\]?)$",
   "x-says": "a host such as api.example.com, *.example.com or *, without scheme, port and path"
  },
  "program": {
   "type": "string",
   "pattern": "^[^\\s{}]+$",
   "x-says": "the name of a program, as `run` writes it"
  },
  "httpRequest": {
   "type": "object",
   "x-place": "http",
   "properties": {
    "method": {
     "enum": [
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE"
     ]
    },
    "url": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "an address such as https://api.example.com/items"
    },
    "headers": {
     "type": "object",
     "propertyNames": {
      "$ref": "#/$defs/headerName"
     },
     "additionalProperties": {
      "type": "string"
     }
    },
    "query": {
     "type": "object",
     "additionalProperties": {
      "x-any": true
     }
    },
    "body": {
     "x-any": true
    },
    "expect": {
     "type": "array",
     "minItems": 1,
     "uniqueItems": true,
     "items": {
      "type": "integer",
      "minimum": 100,
      "maximum": 599
     }
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "url"
   ]
  },
  "mcpServer": {
   "type": "object",
   "properties": {
    "command": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name or path of a program"
    },
    "args": {
     "type": "array",
     "items": {
      "type": "string"
     }
    },
    "env": {
     "$ref": "#/$defs/environment"
    },
    "sandbox": {
     "$ref": "#/$defs/sandbox"
    },
    "url": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "an address such as https://mcp.example.com/mcp"
    },
    "headers": {
     "type": "object",
     "propertyNames": {
      "$ref": "#/$defs/headerName"
     },
     "additionalProperties": {
      "type": "string"
     }
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "headerName": {
   "type": "string",
   "pattern": "^(?!(?:[Hh][Oo][Ss][Tt]|[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]|[Tt][Rr][Aa][Nn][Ss][Ff][Ee][Rr]-[Ee][Nn][Cc][Oo][Dd][Ii][Nn][Gg]|[Cc][Oo][Nn][Nn][Ee][Cc][Tt][Ii][Oo][Nn])$)[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
   "x-says": "the name of a header other than host, content-length, transfer-encoding and connection"
  },
  "sqlQuery": {
   "type": "object",
   "x-place": "sql",
   "properties": {
    "connection": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "sqlite:PATH, postgres://... or one secret"
    },
    "query": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "a statement of SQL"
    },
    "params": {
     "type": "array",
     "items": {
      "x-any": true
     }
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "connection",
    "query"
   ]
  },
  "stateGet": {
   "type": "object",
   "x-kind": "get",
   "x-place": "state",
   "properties": {
    "get": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name of a key"
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "get"
   ]
  },
  "stateSet": {
   "type": "object",
   "x-kind": "set",
   "x-place": "state",
   "properties": {
    "set": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name of a key"
    },
    "value": {
     "x-any": true
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "set",
    "value"
   ]
  },
  "stateDelete": {
   "type": "object",
   "x-kind": "delete",
   "x-place": "state",
   "properties": {
    "delete": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name of a key"
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "delete"
   ]
  },
  "stateIncrement": {
   "type": "object",
   "x-kind": "increment",
   "x-place": "state",
   "properties": {
    "increment": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name of a key"
    },
    "by": {
     "x-any": true
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "increment"
   ]
  },
  "stateList": {
   "type": "object",
   "x-kind": "list",
   "x-place": "state",
   "properties": {
    "list": {
     "type": "string"
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "list"
   ]
  },
  "stateCompareAndSet": {
   "type": "object",
   "x-kind": "compare_and_set",
   "x-place": "state",
   "properties": {
    "compare_and_set": {
     "type": "string",
     "pattern": "\\S",
     "x-says": "the name of a key"
    },
    "from": {
     "x-any": true
    },
    "to": {
     "x-any": true
    },
    "scope": {
     "enum": [
      "run",
      "project"
     ]
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false,
   "required": [
    "compare_and_set",
    "from",
    "to"
   ]
  },
  "providerRate": {
   "type": "object",
   "properties": {
    "requests": {
     "$ref": "#/$defs/rate"
    },
    "tokens": {
     "$ref": "#/$defs/rate"
    }
   },
   "patternProperties": {
    "^x-": true
   },
   "additionalProperties": false
  },
  "rate": {
   "type": "string",
   "pattern": "^[1-9]\\d{0,8}[kM]?/[smhd]$",
   "x-says": "a rate such as 10/m, 5/s or 400k/m",
   "x-text": "rate"
  }
 }
};
