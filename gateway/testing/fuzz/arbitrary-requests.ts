import fc from 'fast-check'

/** A valid or invalid request, with placeholders (`marks`) for values that are known only when it is sent. */
export interface RequestSpec {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** Announcement of the body's length; `none`: there is none. */
  readonly framing: 'length' | 'chunks' | 'none'
  /** Bytes that are exchanged: a place, as a fraction of the whole, and the new byte. */
  readonly changes: readonly (readonly [place: number, byte: number])[]
  /** The places at which the bytes are cut into several writes, as fractions of the whole. */
  readonly cuts: readonly number[]
}

/** Placeholders for values that a request gets when it is sent. All copies of one mark in a request get the same value. */
export const marks = { id: '@ID-000000000@', token: '@TOKEN@', cursor: '@CURSOR@', path: '@API@', socket: '@SOCKET@' } as const

/** Text that has broken programs like this before. */
const strange = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\u001b[31m',
  '%',
  '%0',
  '%zz',
  '%00',
  '%ff',
  '%C3%BC',
  '\u00fc',
  '..',
  '{}',
  '"',
  '"\\',
  "'",
  ',',
  ';',
  ',,,',
  '\ufeff',
  '\u2028',
  '\ud800',
  '__proto__',
  'constructor',
  'null',
  '-1',
  '1e400',
  '9'.repeat(25),
  'a'.repeat(300),
  '<script>',
  '*',
  '\t',
  '\r',
  '\n',
  '\r\n',
  '\r\nx-injected: 1',
  '\u0085',
)
const text = fc.oneof(
  strange,
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
)

const names = fc.constantFrom('ann', 'bob', 'cid', 'mal', 'Ann', 'o1', 'o2', 'r1', 'r2', '', 'someone else')
const list = fc.array(names, { maxLength: 3 })
const audience = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ broadcast: true }) },
  { weight: 6, arbitrary: fc.record({ users: list, usernames: list, organizations: list, roles: list }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { broadcast: fc.boolean(), users: fc.anything(), role: list, organization: list, Users: list },
      { requiredKeys: [] },
    ),
  },
)

/** JSON as text, so that it may also be wrong. */
const jsonText = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    'null',
    'true',
    '""',
    '-0',
    '1e400',
    '1E-400',
    '12345678901234567890',
    '0.1e1',
    '[]',
    '{}',
    '{"a":1,"a":2}',
    '{"__proto__":{"x":1}}',
    '"\\ud800"',
    '"\\u0000"',
    'NaN',
    '01',
    "'a'",
    '[1,]',
    '/**/1',
    '\u00a01',
    '[[[[[[[[1]]]]]]]]',
    `${'['.repeat(80)}${']'.repeat(80)}`,
  ),
)
const attribute = fc.oneof(
  fc.constantFrom(
    't',
    'com.example.fuzz',
    '/source',
    'urn:a',
    '1.0',
    '2026-01-01T00:00:00Z',
    'text/plain',
    'application/json',
    'application/cloudevents+json',
  ),
  text,
)
const attributeName = fc.oneof(
  fc.constantFrom(
    'id',
    'source',
    'type',
    'specversion',
    'time',
    'subject',
    'dataschema',
    'datacontenttype',
    'partitionkey',
    'cursor',
    'audience',
    'data',
    'data_base64',
    'traceparent',
    'ext',
    'Ext',
    'a_b',
    '__proto__',
  ),
  text,
)

/** Members of an object as JSON text, some of which are repeated, wrong, or unusual. */
const extraMembers = fc.oneof(
  fc.constant([]),
  fc.array(
    fc.tuple(
      attributeName,
      fc.oneof(
        jsonText,
        attribute.map((value) => JSON.stringify(value)),
      ),
    ),
    { maxLength: 2 },
  ),
)
const asJson = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`

const message = fc
  .tuple(audience, jsonText, fc.boolean(), extraMembers)
  .map(([given, payload, hasId, extra]) =>
    asJson([
      ...(hasId ? [['id', JSON.stringify(marks.id)] as const] : []),
      ['type', '"t"'],
      ...Object.entries(given).map(([name, value]) => [name, JSON.stringify(value) ?? 'null'] as const),
      ['payload', payload],
      ...extra,
    ]),
  )
const structured = fc.tuple(audience, fc.boolean(), jsonText, extraMembers).map(([given, isText, data, extra]) => {
  const object = JSON.stringify(given) ?? '{}'
  return asJson([
    ['specversion', '"1.0"'],
    ['id', JSON.stringify(marks.id)],
    ['source', '"/fuzz"'],
    ['type', '"t"'],
    ['audience', isText ? JSON.stringify(object) : object],
    ['data', data],
    ...extra,
  ])
})

const changes = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 2,
    arbitrary: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
  },
)
const cuts = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }) },
)

const base = { version: 'HTTP/1.1', changes: [], cuts: [], body: Buffer.alloc(0) }
const emitHeaders = [
  ['host', 'localhost'],
  ['authorization', `Bearer ${marks.token}`],
] as const

const ofBody = (target: string, body: fc.Arbitrary<string>, types: readonly string[]): fc.Arbitrary<RequestSpec> =>
  fc
    .record({
      body: body.map((json) => Buffer.from(json)),
      type: fc.constantFrom(...types),
      framing: fc.constantFrom('length' as const, 'length' as const, 'chunks' as const),
      changes,
      cuts,
      expects: fc.boolean(),
    })
    .map(({ type, expects, ...more }) => ({
      ...base,
      method: 'POST',
      target,
      headers: [
        ...emitHeaders,
        ...(type === '' ? [] : [['content-type', type] as const]),
        ...(expects ? [['expect', '100-continue'] as const] : []),
      ],
      ...more,
    }))

const headerValue = fc.oneof(
  attribute,
  attribute.map((value) => encodeURIComponent(value.toWellFormed())),
  attribute.map((value) => `"${value}"`),
)
const binary: fc.Arbitrary<RequestSpec> = fc
  .record({
    given: audience,
    extra: fc.array(fc.tuple(attributeName, headerValue), { maxLength: 3 }),
    type: fc.option(attribute),
    body: fc.oneof(
      jsonText.map((json) => Buffer.from(json)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    ),
    changes,
    cuts,
  })
  .map(({ given, extra, type, ...more }) => ({
    ...base,
    method: 'POST',
    target: `${marks.path}/events`,
    framing: 'length',
    headers: [
      ...emitHeaders,
      ['ce-specversion', '1.0'],
      ['ce-id', marks.id],
      ['ce-source', '/fuzz'],
      ['ce-type', 't'],
      ['ce-audience', encodeAscii(JSON.stringify(given) ?? '')],
      ...(type === null ? [] : [['content-type', type] as const]),
      ...extra.map(([name, value]) => [`ce-${name}`, value] as const),
    ],
    ...more,
  }))

const encodeAscii = (json: string): string => json.replace(/[^!-$&-~]/gu, (sign) => encodeURIComponent(sign.toWellFormed()))

/** Emits in all forms, most of which differ a little from a valid one. */
export const emits: fc.Arbitrary<RequestSpec> = fc.oneof(
  ofBody(`${marks.path}/emit-message`, message, ['', 'application/json', 'text/plain', 'application/cloudevents+json']),
  ofBody(`${marks.path}/events`, structured, [
    'application/cloudevents+json',
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json; charset=latin1',
  ]),
  ofBody(
    `${marks.path}/events`,
    fc
      .array(structured, { maxLength: 3 })
      .map((events) => `[${events.map((event, index) => event.replaceAll(marks.id, `${marks.id}-${index}`)).join(',')}]`),
    ['application/cloudevents-batch+json'],
  ),
  binary,
)

const target = fc.oneof(
  fc.constantFrom(
    '/',
    '*',
    '/health',
    '/console',
    '/console/',
    '/dev/token',
    '/metrics',
    marks.socket,
    `${marks.path}/events`,
    `${marks.path}/emit-message`,
    `${marks.path}/openapi.json`,
    '/api/other/v1/events',
    '/wss/other/v1/ws',
  ),
  fc
    .tuple(
      fc.constantFrom('', 'http://localhost', 'HTTP://127.0.0.1:1', 'http://evil.example', '//', '/.', '/%2e', 'localhost:80'),
      fc.constantFrom('/health', `${marks.path}/events`, marks.socket),
      text,
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom(`${marks.path}/events`, marks.socket, '/health'),
      fc.array(
        fc.tuple(
          fc.constantFrom('cursor', 'lastEventId', 'last-event-id', 'token', 'x'),
          fc.oneof(text, fc.constantFrom(marks.cursor, 'latest', 'earliest', `${marks.cursor}A`)),
          fc.boolean(),
        ),
        { maxLength: 4 },
      ),
    )
    .map(
      ([path, pairs]) =>
        `${path}?${pairs.map(([name, value, isEncoded]) => `${name}=${isEncoded ? encodeURIComponent(value.toWellFormed()) : value}`).join('&')}`,
    ),
  text,
)
const methods = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('GET', 'POST') },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'QUERY', 'PRI', 'get', 'M-SEARCH', ''),
      text,
    ),
  },
)
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'host',
      'origin',
      'cookie',
      'authorization',
      'x-rh-identity',
      'traceparent',
      'accept',
      'prefer',
      'referer',
      'last-event-id',
      'sec-fetch-site',
      'content-type',
      'content-encoding',
      'te',
      'trailer',
      'via',
      'forwarded',
      'x-forwarded-host',
      'access-control-request-method',
      'access-control-request-headers',
      'if-none-match',
      'range',
    ),
    text,
  ),
  fc.constantFrom<[string, string]>(
    ['expect', '100-continue'],
    ['expect', 'a-miracle'],
    ['connection', 'close'],
    ['connection', 'keep-alive, upgrade'],
    ['upgrade', 'h2c'],
    ['upgrade', 'websocket'],
    ['transfer-encoding', 'chunked'],
    ['transfer-encoding', 'gzip, chunked'],
    ['transfer-encoding', 'identity'],
    ['content-length', '0'],
    ['content-length', '5'],
    ['content-length', '-1'],
    ['content-length', '99999999999999999999'],
    ['host', 'localhost'],
    ['origin', 'null'],
    ['origin', 'https://app.example'],
    ['sec-fetch-site', 'cross-site'],
    ['authorization', `Bearer ${marks.token}`],
    ['cookie', `cs_jwt=${marks.token}`],
    ['accept', 'text/event-stream'],
    ['content-encoding', 'gzip'],
  ),
  fc.tuple(text, text),
)
const version = fc.oneof(
  { weight: 8, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 1, arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/0.9', '') },
)

/** Heads in which nearly everything may be wrong. */
export const heads: fc.Arbitrary<RequestSpec> = fc
  .record({
    method: methods,
    target,
    version,
    hasHost: fc.boolean(),
    headers: fc.array(header, { maxLength: 5 }),
    body: fc.oneof(fc.constant(''), message, text).map((body) => Buffer.from(body)),
    framing: fc.constantFrom('length' as const, 'none' as const, 'chunks' as const),
    changes,
    cuts,
  })
  .map(({ hasHost, headers, ...more }) => ({ ...more, headers: hasHost ? [['host', 'localhost'] as const, ...headers] : headers }))

/** Tokens that are nearly valid. */
const token = fc.oneof(
  fc.constantFrom(
    marks.token,
    `${marks.token}x`,
    `x${marks.token}`,
    `${marks.token}.`,
    `${marks.token}${marks.token}`,
    marks.token.repeat(60),
    'a.b.c',
    'eyJhbGciOiJub25lIn0.e30.',
    '',
  ),
  text,
)
const cookies = fc
  .array(
    fc.oneof(
      token.map((value) => `cs_jwt=${value}`),
      token.map((value) => `cs_jwt="${value}"`),
      fc.tuple(fc.constantFrom('cs_jwt.0', 'cs_jwt.1', 'CS_JWT', ' cs_jwt ', '__Host-x', 'x'), text).map((pair) => pair.join('=')),
      text,
    ),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.join('; '))
const protocols = fc
  .array(
    fc.oneof(
      fc.constantFrom('cloudevents.json', 'Cloudevents.JSON', 'cloudevents.avro', 'bearer.', 'graphql-ws'),
      token.map((value) => `bearer.${value}`),
      text,
    ),
    { maxLength: 6 },
  )
  .map((offered) => offered.join(','))
const schemes = fc.tuple(fc.constantFrom('Bearer ', 'bearer ', 'Bearer', 'Basic ', 'BEARER  ', ''), token).map((parts) => parts.join(''))

const upgradeHeaders = [
  ['host', 'localhost'],
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
] as const

const rarely = <T>(given: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: given })

/** Requests that connect or emit, with tokens in all places where a token may be. */
export const credentials: fc.Arbitrary<RequestSpec> = fc
  .record({
    kind: fc.constantFrom('socket' as const, 'stream' as const, 'emit' as const),
    cookie: rarely(cookies),
    offered: rarely(protocols),
    authorization: fc.oneof(
      { weight: 2, arbitrary: fc.constant(`Bearer ${marks.token}`) },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: schemes },
    ),
    identity: rarely(
      fc.oneof(
        text,
        fc.jsonValue().map((value) => Buffer.from(JSON.stringify({ identity: value })).toString('base64')),
      ),
    ),
    origin: rarely(fc.oneof(fc.constantFrom('https://app.example', 'null', 'http://localhost'), text)),
    more: fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom('sec-websocket-extensions', 'sec-websocket-key', 'sec-websocket-version', 'upgrade', 'connection'), text),
        fc.constant<[string, string]>(['sec-websocket-extensions', 'permessage-deflate; client_max_window_bits']),
      ),
      { maxLength: 1 },
    ),
    query: rarely(
      fc.oneof(fc.constantFrom('cursor=latest', 'cursor=earliest', `cursor=${marks.cursor}`, 'cursor=', `cursor=${'A'.repeat(500)}`), text),
    ),
    body: message.map((json) => Buffer.from(json)),
    changes,
    cuts,
  })
  .map(({ kind, cookie, offered, authorization, identity, origin, more, query, body, ...rest }) => {
    const given = Object.entries({ cookie, 'sec-websocket-protocol': offered, authorization, 'x-rh-identity': identity, origin }).flatMap(
      ([name, value]) => (value === null ? [] : [[name, value] as const]),
    )
    const suffix = query === null ? '' : `?${query}`
    if (kind === 'emit')
      return {
        ...base,
        ...rest,
        method: 'POST',
        target: `${marks.path}/emit-message`,
        framing: 'length',
        headers: [['host', 'localhost'], ...given],
        body,
      }
    return {
      ...base,
      ...rest,
      method: 'GET',
      target: `${kind === 'socket' ? marks.socket : `${marks.path}/events`}${suffix}`,
      framing: 'none',
      headers: [...(kind === 'socket' ? upgradeHeaders : [['host', 'localhost'] as const]), ...given, ...more],
    }
  })

/** Repetitions of one unit: as many as fit into the largest body or head. Their cost for the event loop must stay bounded, too. */
export const repetitions: fc.Arbitrary<RequestSpec> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...bodiesOfUnits()),
      fc.constantFrom(
        '1,',
        '{},',
        '[],',
        '"",',
        '"\\u0000",',
        'null,',
        '{"a":1},',
        '"ann",',
        '{"specversion":"1.0"},',
        '[',
        '{"a":',
        '\\',
        '"',
        ' ',
        '\n',
        ',',
        '12345678,',
        '12345678901234567,',
        '1e9,',
        '1e400,',
        '{"a":1e9},',
        '0.5,',
        '-',
      ),
      fc.constantFrom(2_000, 100_000, 260_000, 1_000_000),
    )
    .map(([{ target: path, type, before, after }, unit, bytes]): RequestSpec => ({
      ...base,
      method: 'POST',
      target: `${marks.path}/${path}`,
      framing: 'length',
      headers: [...emitHeaders, ['content-type', type]],
      body: Buffer.from(before + unit.repeat(Math.floor((bytes - before.length - after.length) / unit.length)) + after),
    })),
  fc
    .tuple(
      fc.constantFrom('GET', 'POST'),
      fc.constantFrom(`${marks.path}/events`, marks.socket, '/health'),
      fc.constantFrom(
        'cookie',
        'authorization',
        'sec-websocket-protocol',
        'origin',
        'ce-audience',
        'ce-id',
        'host',
        'x-rh-identity',
        'last-event-id',
        'accept',
        'connection',
        'content-type',
      ),
      fc.constantFrom(
        'a',
        'a,',
        'a;',
        'a=b;',
        ';',
        ',',
        '"',
        '%',
        '%41',
        '\\"',
        'bearer.a,',
        'cs_jwt=a;',
        'cs_jwt="',
        ' ',
        '\u00e9',
        '{"a":',
      ),
      fc.constantFrom(1_000, 15_000, 31_000),
    )
    .map(([method, path, name, unit, bytes]): RequestSpec => ({
      ...base,
      method,
      target: path,
      framing: method === 'POST' ? 'length' : 'none',
      headers: [
        ...(path === marks.socket ? upgradeHeaders : emitHeaders),
        ['ce-specversion', '1.0'],
        [name, unit.repeat(Math.floor(bytes / unit.length))],
      ],
    })),
  fc
    .tuple(
      fc.constantFrom(`${marks.path}/events?`, `${marks.socket}?`, '/'),
      fc.constantFrom('a', 'cursor=a&', '&', '%', '%41', '/', '..', '/../', '=', '+', '%2f'),
      fc.constantFrom(1_000, 15_000, 30_000),
    )
    .map(([path, unit, bytes]): RequestSpec => ({
      ...base,
      method: 'GET',
      framing: 'none',
      target: path + unit.repeat(Math.floor(bytes / unit.length)),
      headers: path.startsWith(marks.socket) ? upgradeHeaders : emitHeaders,
    })),
  fc
    .tuple(
      fc.constantFrom('payload' as const, 'message' as const, 'event' as const, 'audience' as const),
      fc.constantFrom(900, 20_000, 90_000),
    )
    .map(([kind, count]) => bodyOfNames(kind, count)),
  fc.tuple(fc.constantFrom('x', 'ce-x', 'cookie', 'a', 'origin'), fc.constantFrom(100, 1_900, 4_000)).map(([name, count]): RequestSpec => ({
    ...base,
    method: 'POST',
    framing: 'length',
    target: `${marks.path}/events`,
    headers: [
      ...emitHeaders,
      ['ce-specversion', '1.0'],
      ...Array.from({ length: count }, (_, index) => [name === 'ce-x' ? `ce-${index}` : name, ''] as const),
    ],
  })),
)

/** Members with distinct names, which cost more than others. */
function bodyOfNames(kind: 'payload' | 'message' | 'event' | 'audience', count: number): RequestSpec {
  const members = Array.from({ length: count }, (_, index) => `"n${index.toString(36)}":1`).join(',')
  const event = `"specversion":"1.0","id":"${marks.id}","source":"/fuzz","type":"t"`
  const [path, body] = {
    payload: ['emit-message', `{"id":"${marks.id}","type":"t","users":["ann"],"payload":{${members}}}`],
    message: ['emit-message', `{"id":"${marks.id}","type":"t","users":["ann"],${members}}`],
    event: ['events', `{${event},"audience":{"users":["ann"]},${members}}`],
    audience: ['events', `{${event},"audience":{"users":["ann"],${members}}}`],
  }[kind] as [string, string] // a row of the table
  return {
    ...base,
    method: 'POST',
    target: `${marks.path}/${path}`,
    framing: 'length',
    headers: [...emitHeaders, ['content-type', 'application/cloudevents+json']],
    body: Buffer.from(body),
  }
}

function bodiesOfUnits() {
  const event = `{"specversion":"1.0","id":"${marks.id}","source":"/fuzz","type":"t","audience":`
  return [
    {
      target: 'emit-message',
      type: 'application/json',
      before: `{"id":"${marks.id}","type":"t","users":["ann"],"payload":[`,
      after: '1]}',
    },
    { target: 'emit-message', type: 'application/json', before: '{"type":"t","users":[', after: '"ann"]}' },
    { target: 'emit-message', type: 'application/json', before: '', after: '' },
    { target: 'events', type: 'application/cloudevents+json', before: `${event}{"broadcast":true},"data":[`, after: '1]}' },
    { target: 'events', type: 'application/cloudevents+json', before: `${event}{"users":[`, after: '"ann"]}}' },
    { target: 'events', type: 'application/cloudevents+json', before: `${event}"[`, after: '1]"}' },
    { target: 'events', type: 'application/cloudevents-batch+json', before: '[', after: '{}]' },
    { target: 'events', type: 'application/json', before: '[', after: '1]' },
  ] as const
}
