import { maxSourceLength, sourcePattern } from '../../event/attributes.ts'
import { maxAheadMs, maxSubjects } from '../../revocation/parse-revocation.ts'
import { maxNameLength } from '../../revocation/subject.ts'
import { problems } from '../../request/problem.ts'

/** A URI reference as the decoder accepts it. It is wider than the grammar, which `format` would enforce. */
const source = {
  type: 'string',
  description: 'A URI reference, such as urn:my:service or /my/service.',
  maxLength: maxSourceLength,
  pattern: sourcePattern,
} as const

/**
 * The JSON Schemas (2020-12) of the HTTP API, one constant each. They are the `components` of the OpenAPI document. The decoders check
 * requests, and report more than a schema can. A test compares decoders and answers with these schemas.
 */
export const schemas = {
  Problem: {
    type: 'object',
    description: 'Problem details, RFC 9457. The table of types is in docs/reference/problems.md.',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: { type: 'string', enum: Object.keys(problems).map((name) => `urn:carillon:problem:${name}`) },
      title: { type: 'string' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: { type: 'string', description: 'What was wrong, what was expected, what to do.' },
      instance: {
        type: 'string',
        description:
          '`urn:carillon:request:` and the id of the request, by which its line in the log is found. It is `X-Request-Id` when the request has a well-formed one, else the trace id of `traceparent`, else a new one.',
      },
      errors: {
        type: 'array',
        items: { $ref: '#/components/schemas/EventProblem' },
        description: 'All faults of an invalid event.',
      },
      supported: { type: 'array', items: { type: 'string' }, description: 'The subprotocols that the gateway speaks.' },
      events: {
        type: 'array',
        description: 'The invalid events of a batch.',
        items: {
          type: 'object',
          required: ['index', 'problems'],
          additionalProperties: false,
          properties: {
            index: { type: 'integer', minimum: 0, description: 'Index in the batch, from 0.' },
            problems: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/EventProblem' } },
          },
        },
      },
    },
  },
  EventProblem: {
    type: 'object',
    required: ['attribute', 'detail'],
    additionalProperties: false,
    properties: {
      attribute: { type: ['string', 'null'], description: 'null: the event as a whole.' },
      detail: { type: 'string', description: 'What was expected.' },
    },
  },
  EventReference: {
    type: 'object',
    description: 'Identifies an event: no two events of one source have the same id.',
    required: ['id', 'source'],
    additionalProperties: false,
    properties: { id: { type: 'string', minLength: 1 }, source },
  },
  Accepted: { $ref: '#/components/schemas/EventReference', description: 'The event is in Kafka.' },
  AcceptedBatch: {
    type: 'object',
    description: 'All events are in Kafka, in the order of the request. None for an empty batch.',
    required: ['events'],
    additionalProperties: false,
    properties: { events: { type: 'array', items: { $ref: '#/components/schemas/EventReference' } } },
  },
  Names: { type: ['array', 'null'], items: { type: 'string', minLength: 1, maxLength: 512 } },
  Audience: {
    type: 'object',
    description: [
      'Who gets the event: everyone (`broadcast`), or the union of `users`, `usernames` and `organizations`.',
      '`roles` narrow the organizations to principals who have one of the roles; alone they are an error.',
    ].join(' '),
    properties: {
      broadcast: { type: ['boolean', 'null'] },
      users: { $ref: '#/components/schemas/Names' },
      usernames: { $ref: '#/components/schemas/Names' },
      organizations: { $ref: '#/components/schemas/Names' },
      roles: { $ref: '#/components/schemas/Names' },
    },
  },
  EmitMessage: {
    allOf: [
      { $ref: '#/components/schemas/Audience' },
      {
        type: 'object',
        required: ['type'],
        properties: {
          id: {
            type: ['string', 'null'],
            minLength: 1,
            description: 'Unique per source. Made up when it is left out; give one, so that you can send the event again safely.',
          },
          type: { type: 'string', minLength: 1, description: 'The kind of the event, like `notifications.drawer`.' },
          payload: { description: 'Any JSON: what the browsers get as `data`.' },
        },
      },
    ],
    unevaluatedProperties: false,
  },
  CloudEvent: {
    type: 'object',
    description: 'A CloudEvent 1.0 in the JSON format. Extensions reach the browsers with their types. `cursor` must not be one.',
    required: ['specversion', 'id', 'source', 'type', 'audience'],
    properties: {
      specversion: { type: 'string', enum: ['1.0', '1.0.2'], description: '`1.0.2` is read as `1.0`.' },
      id: { type: 'string', minLength: 1 },
      source,
      type: { type: 'string', minLength: 1 },
      time: { type: ['string', 'null'], format: 'date-time', description: 'When it happened; filled in when it is left out.' },
      subject: { type: ['string', 'null'], minLength: 1 },
      datacontenttype: { type: ['string', 'null'], description: '`application/json` when there are data and it is left out.' },
      dataschema: { type: ['string', 'null'], format: 'uri' },
      data: { description: 'What the browsers get.' },
      data_base64: {
        type: ['string', 'null'],
        contentEncoding: 'base64',
        description: 'Bytes. Delivered as `data` where `datacontenttype` says that they are text or JSON, and they are.',
      },
      cursor: { type: 'null', description: 'Gateways write it into each event that they deliver.' },
      partitionkey: { type: ['string', 'number', 'boolean', 'null'], description: 'Events with the same key keep their order.' },
      audience: {
        oneOf: [
          { type: 'string', contentMediaType: 'application/json', contentSchema: { $ref: '#/components/schemas/Audience' } },
          { $ref: '#/components/schemas/Audience', unevaluatedProperties: false },
        ],
        description: 'Who gets the event: a string of JSON, or the object itself, which is easier to write.',
      },
    },
    additionalProperties: { type: ['string', 'boolean', 'integer', 'null'] },
  },
  CloudEventBatch: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
  Revocation: {
    type: 'object',
    description: 'What to revoke: exactly one of `users`, `organization` and `tokenIds`.',
    additionalProperties: false,
    oneOf: [{ required: ['users'] }, { required: ['organization'] }, { required: ['tokenIds'] }],
    properties: {
      users: { $ref: '#/components/schemas/RevokedNames', description: 'Ids of users.' },
      organization: { type: 'string', minLength: 1, maxLength: maxNameLength, description: 'Id of an organization.' },
      tokenIds: {
        $ref: '#/components/schemas/RevokedNames',
        description: 'Ids of tokens (`jti`). A token that is named so is revoked whenever it was issued.',
      },
      issuedBefore: {
        type: 'string',
        format: 'date-time',
        description: `Tokens that were issued before this time (\`iat\`) are revoked. The present when it is left out; at most ${maxAheadMs / 60_000} minutes ahead.`,
      },
    },
  },
  RevokedNames: {
    type: 'array',
    minItems: 1,
    maxItems: maxSubjects,
    items: { type: 'string', minLength: 1, maxLength: maxNameLength },
  },
  Revoked: {
    type: 'object',
    required: ['revocations'],
    additionalProperties: false,
    properties: {
      revocations: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['subject', 'issuedBefore', 'until'],
          additionalProperties: false,
          properties: {
            subject: { type: 'string', pattern: '^(user|organization|token):', description: 'The kind and the name of what is revoked.' },
            issuedBefore: {
              type: 'string',
              format: 'date-time',
              description: 'The latest time that was asked for, here or in an earlier request.',
            },
            until: { type: 'string', format: 'date-time', description: 'End of the revocation: no such token is accepted after it.' },
          },
        },
      },
    },
  },
  ClientFrame: {
    type: 'object',
    description: 'A CloudEvent 1.0 in the JSON format. Types that begin with `dev.carillon.` are commands.',
    required: ['specversion', 'id', 'source', 'type'],
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', minLength: 1, description: 'The answer repeats it.' },
      source: { type: 'string', minLength: 1 },
      type: { type: 'string', minLength: 1 },
      data: { description: '`{"filters": [...]}`, `{"token": "..."}`, or the data of a send.' },
    },
    additionalProperties: true,
  },
  FrameAnswer: {
    type: 'object',
    description: 'A control event of docs/protocol.md, section 5.',
    required: ['specversion', 'id', 'source', 'type', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string' },
      source: { type: 'string' },
      type: { enum: ['dev.carillon.subscribed', 'dev.carillon.token-accepted', 'dev.carillon.ack', 'dev.carillon.nack'] },
      data: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: ['string', 'null'], description: 'The id in the frame; null: it has none that can be read.' },
          type: { type: 'string', description: 'Of a nack: the type of the problem.' },
          detail: { type: 'string', description: 'Of a nack: what was wrong, what was expected, what to do.' },
          retryAfterMs: { type: 'integer', minimum: 0, description: 'Of a nack: the frame may be accepted after this time.' },
          expiresInMs: { type: ['integer', 'null'], description: 'Of `token-accepted`: the time for which the token is good.' },
        },
        additionalProperties: true,
      },
      cursor: { type: 'string', description: 'The place from which a command holds. Resume from cursors of the stream alone.' },
    },
    additionalProperties: true,
  },
  DevelopmentClaims: {
    type: 'object',
    description: 'Claims of the token. Without `exp` it lasts 12 hours.',
    required: ['user_id'],
    additionalProperties: false,
    properties: {
      user_id: { type: ['string', 'integer'], minLength: 1 },
      username: { type: ['string', 'integer'] },
      org_id: { type: ['string', 'integer'] },
      account_number: { type: ['string', 'integer'] },
      roles: {
        oneOf: [
          { type: 'array', items: { type: 'string' } },
          { type: 'string', description: 'With spaces or commas between them.' },
        ],
      },
      scope: { type: 'string', description: 'With spaces between them.' },
      exp: { type: 'number', description: 'End of the token, in seconds since 1970; may be in the past.' },
      iat: {
        type: 'number',
        description: 'Issue of the token, in seconds since 1970; may be in the past. The present when it is left out.',
      },
      jti: { type: ['string', 'integer'], description: 'Id of the token, by which it can be revoked.' },
    },
  },
  DevelopmentToken: { type: 'object', required: ['token'], additionalProperties: false, properties: { token: { type: 'string' } } },
  Health: { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } },
} as const
