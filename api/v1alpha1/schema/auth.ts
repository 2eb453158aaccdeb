import { options } from '../../../gateway/config/options.ts'
import type { JsonSchema } from './json-schema.ts'
import { atMostOne, optionPair } from './rules.ts'
import { claimPath, dataKey, objectName } from './parts.ts'

type Sources = Readonly<Partial<Record<'uri' | 'secretRef' | 'configMapRef' | 'caSecretRef' | 'caConfigMapRef', unknown>>>

export const auth = {
  type: 'object',
  description: 'Tokens that are accepted, and pages that may connect.',
  default: {},
  requiredEffective: ['jwks', 'issuer', 'audience'],
  properties: {
    jwks: {
      type: 'object',
      description: 'The keys that verify tokens: exactly one of uri, secretRef, configMapRef.',
      properties: {
        uri: {
          type: 'string',
          description: 'URL of the keys (a JSON Web Key Set, RFC 7517).',
          maxLength: 2048,
          pattern: '^https?://[^\\s/@]+(/[^\\s@]*)?$',
        },
        secretRef: {
          type: 'object',
          description:
            'A Secret of this namespace with the keys: a JSON Web Key Set, or PEM public keys. The pods mount it and follow its rotation.',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the Secret.' },
            key: { ...dataKey, description: 'Key in it.', default: 'jwks.json' },
          },
        },
        configMapRef: {
          type: 'object',
          description:
            'A ConfigMap of this namespace with the keys: a JSON Web Key Set, or PEM public keys. The pods mount it and follow its changes.',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the ConfigMap.' },
            key: { ...dataKey, description: 'Key in it.', default: 'jwks.json' },
          },
        },
        caSecretRef: {
          type: 'object',
          description:
            'A Secret of this namespace with the certificate authorities (PEM) of the server behind uri, and of a proxy. Default: those that the image trusts.',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the Secret.' },
            key: { ...dataKey, description: 'Key in it.', default: 'ca.crt' },
          },
        },
        caConfigMapRef: {
          type: 'object',
          description: 'A ConfigMap of this namespace with those certificate authorities (PEM).',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the ConfigMap.' },
            key: { ...dataKey, description: 'Key in it.', default: 'ca.crt' },
          },
        },
      },
      'x-kubernetes-validations': [
        {
          rule: '[has(self.uri), has(self.secretRef), has(self.configMapRef)].filter(x, x).size() <= 1',
          message: 'jwks takes exactly one of uri, secretRef and configMapRef',
          holds: ({ uri, secretRef, configMapRef }: Sources) => atMostOne(uri, secretRef, configMapRef),
        },
        {
          rule: '!has(self.caSecretRef) || !has(self.caConfigMapRef)',
          message: 'the authorities of jwks come from one place: set caSecretRef or caConfigMapRef',
          holds: ({ caSecretRef, caConfigMapRef }: Sources) => atMostOne(caSecretRef, caConfigMapRef),
        },
        {
          rule: '!(has(self.secretRef) || has(self.configMapRef)) || (!has(self.caSecretRef) && !has(self.caConfigMapRef))',
          message: 'caSecretRef and caConfigMapRef are for the server behind uri: keys from a Secret or a ConfigMap need no authorities',
          holds: ({ secretRef, configMapRef, caSecretRef, caConfigMapRef }: Sources) =>
            atMostOne(secretRef ?? configMapRef, caSecretRef ?? caConfigMapRef),
        },
      ],
    },
    resumeTickets: {
      type: 'object',
      description:
        'Resume tickets, which tell the pods of the channel which tokens another pod has verified: clients that come back cost no signature checks. Default: none.',
      required: ['secretRef'],
      properties: {
        secretRef: {
          type: 'object',
          description:
            "A Secret of this namespace that you create: one secret of at least 32 bytes in each line. It is as powerful as the issuer's private key. The pods mount it and follow its rotation.",
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the Secret.' },
            key: { ...dataKey, description: 'Key in it.', default: 'keys' },
          },
        },
      },
    },
    issuer: {
      type: 'string',
      description: 'The only `iss` that is accepted, compared character by character.',
      minLength: 1,
      maxLength: 512,
    },
    audience: {
      type: 'array',
      description: 'A token must name one of these in `aud` (or, without `aud`, in the claim that audienceClaim names).',
      minItems: 1,
      maxItems: 16,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'An audience.', minLength: 1, maxLength: 256, pattern: '^[^,\\s]([^,]*[^,\\s])?$' },
    },
    audienceClaim: {
      ...claimPath,
      description:
        'The claim that must name one of audience in a token without `aud`: client_id for access tokens of Amazon Cognito. Default: a token without `aud` is refused.',
    },
    tokenTypes: {
      type: 'array',
      description:
        'Types of tokens that are accepted (`typ` in the header), such as at+jwt for access tokens of RFC 9068. Default: any type, or none.',
      minItems: 1,
      maxItems: options.jwtTypes.maxItems,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'A type.', minLength: 1, maxLength: 127, pattern: '^[^,\\s]+$' },
    },
    algorithms: {
      type: 'array',
      description: `Signature algorithms that are accepted. Default: ${options.jwtAlgorithms.default.join(', ')}.`,
      minItems: 1,
      maxItems: 12,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'An algorithm (RFC 7518).', enum: options.jwtAlgorithms.values },
    },
    claims: {
      type: 'object',
      description: 'Names of the claims in a token. A dot leads into an object, unless it is part of a name: realm_access.roles.',
      default: {},
      properties: {
        userId: { ...claimPath, description: 'The user id; a token without it is refused.', default: options.jwtClaimUserId.default },
        username: { ...claimPath, description: 'The user name.', default: options.jwtClaimUsername.default },
        organizationId: { ...claimPath, description: 'The organization id.', default: options.jwtClaimOrganizationId.default },
        accountNumber: { ...claimPath, description: 'The account number.', default: options.jwtClaimAccountNumber.default },
        roles: {
          ...claimPath,
          description: 'The roles: an array of strings, or one string with blanks or commas.',
          default: options.jwtClaimRoles.default,
        },
      },
    },
    cookieName: {
      type: 'string',
      description: 'The cookie that may hold the token.',
      minLength: 1,
      maxLength: 128,
      pattern: options.jwtCookie.pattern,
      default: options.jwtCookie.default,
    },
    allowedOrigins: {
      type: 'array',
      description: 'Origins (scheme://host, and :port if it is not the default one; lower case) whose pages may connect and emit.',
      minItems: 1,
      maxItems: 256,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'An origin.', maxLength: 263, pattern: '^https?://[a-z0-9.\\-\\[\\]:]+$' },
    },
    allowedRequestHeaders: {
      type: 'array',
      description:
        'Request headers that pages of other origins may send, besides those that the gateway reads and those of tracing libraries.',
      minItems: 1,
      maxItems: options.corsRequestHeaders.maxItems,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'A header.', minLength: 1, maxLength: 128, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
    },
    dangerouslyAllowAnyOrigin: {
      type: 'boolean',
      description: "Lets pages of any site connect with the user's cookie. Never with cookies that carry authority.",
      default: false,
    },
  },
  'x-kubernetes-validations': [
    {
      rule: '!has(self.allowedOrigins) || !has(self.dangerouslyAllowAnyOrigin) || !self.dangerouslyAllowAnyOrigin',
      message: 'auth takes allowedOrigins, the origins whose pages may connect, or dangerouslyAllowAnyOrigin: true, and not both',
      holds: ({
        allowedOrigins,
        dangerouslyAllowAnyOrigin,
      }: {
        readonly allowedOrigins?: unknown
        readonly dangerouslyAllowAnyOrigin?: boolean
      }) => allowedOrigins === undefined || dangerouslyAllowAnyOrigin !== true,
    },
  ],
} as const satisfies JsonSchema

export const emit = {
  type: 'object',
  description: 'Who may emit events.',
  default: {},
  properties: {
    scopes: {
      type: 'array',
      description: 'A token may emit when it has one of these scopes (scope or scp).',
      minItems: 1,
      maxItems: 32,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'A scope.', minLength: 1, maxLength: 256, pattern: '^[^,\\s]+$' },
      default: options.emitScopes.default,
    },
    trustXRhIdentity: {
      type: 'boolean',
      description:
        'Accept the x-rh-identity header as identity. Only for a proxy that sets it, when network.ingressFrom lets only that proxy reach the pods.',
      default: false,
    },
    ratePerSecond: {
      type: 'integer',
      description: 'Events per second that one emitter may sustain on one pod.',
      minimum: options.emitRatePerS.min,
      maximum: options.emitRatePerS.max,
      default: options.emitRatePerS.default,
    },
    maxBatch: {
      type: 'integer',
      description: `Most events in one batch. Default: ${options.emitMaxBatch.default}.`,
      minimum: options.emitMaxBatch.min,
      maximum: options.emitMaxBatch.max,
    },
    burst: {
      type: 'integer',
      description: 'Events that one emitter may send to one pod at once.',
      minimum: options.emitBurst.min,
      maximum: options.emitBurst.max,
      default: options.emitBurst.default,
    },
  },
  'x-kubernetes-validations': [optionPair('emitBurst', 'emitRatePerS')],
} as const satisfies JsonSchema
