import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { broadcastSubject, userSubjectOf } from '../dialects/nats.ts'

/**
 * An operator and an account of NATS. They sign the tokens of its users (Ed25519), as its tool `nsc` does: NATS takes no tokens of another
 * issuer. The tokens are bearer tokens: a client shows one, and signs nothing.
 */
export interface NatsAccount {
  /** Token of the operator, for the server's configuration. */
  readonly operatorToken: string
  /** Public key of the account, and its token. */
  readonly accountId: string
  readonly accountToken: string
  /** May publish to all subjects. */
  readonly publisherToken: string
}

export interface NatsIssuer {
  readonly account: NatsAccount
  /** Returns the token of a user, who may subscribe to its own subject and to that of all users. @param index tells two of its tokens apart */
  userToken(user: string, index: number): string
}

export function createNatsIssuer(): NatsIssuer {
  const operator = createSigner('operator')
  const account = createSigner('account')
  const userToken = (name: string, index: number, permissions: object): string =>
    account.token({
      name,
      sub: encodeKey('user', createHash('sha256').update(`${index} ${name}`).digest()),
      nats: { type: 'user', version: 2, subs: -1, data: -1, payload: -1, bearer_token: true, ...permissions },
    })
  return {
    account: {
      operatorToken: operator.token({ name: 'bench', sub: operator.id, nats: { type: 'operator', version: 2 } }),
      accountId: account.id,
      accountToken: operator.token({ name: 'bench', sub: account.id, nats: { type: 'account', version: 2, limits: noLimits } }),
      publisherToken: userToken('publisher', 0, { pub: {}, sub: { deny: ['>'] } }),
    },
    userToken: (user, index) => userToken(user, index, { pub: { deny: ['>'] }, sub: { allow: [broadcastSubject, userSubjectOf(user)] } }),
  }
}

const noLimits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }

interface Signer {
  /** Public key in its form. */
  readonly id: string
  token(claims: object): string
}

function createSigner(kind: KeyKind): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = encodeKey(kind, rawKeyOf(publicKey))
  return { id, token: (claims) => tokenOf({ iss: id, ...claims }, privateKey) }
}

/** Bytes of an Ed25519 public key: the last 32 of its DER form (RFC 8410). */
const rawKeyOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(-32)

const header = base64urlOf({ typ: 'JWT', alg: 'ed25519-nkey' })

function tokenOf(claims: object, key: KeyObject): string {
  const iat = Math.floor(Date.now() / 1000)
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex')
  const text = `${header}.${base64urlOf({ jti, iat, ...claims })}`
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
}

function base64urlOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

// ---- keys (the module github.com/nats-io/nkeys)

/** First byte of a key of each kind. Its upper five bits are the first letter: O, A, U. */
const prefixes = { operator: 14 << 3, account: 0, user: 20 << 3 } as const
export type KeyKind = keyof typeof prefixes

/** Returns the text of a public key: its kind, its 32 bytes and their checksum in base32. */
export function encodeKey(kind: KeyKind, raw: Buffer): string {
  const body = Buffer.concat([Buffer.from([prefixes[kind]]), raw])
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(crc16(body))
  return base32(Buffer.concat([body, checksum]))
}

/** CRC-16/XMODEM. */
function crc16(bytes: Buffer): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xff_ff : ((crc << 1) ^ 0x10_21) & 0xff_ff
  }
  return crc
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 of RFC 4648 without padding. */
function base32(bytes: Buffer): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}
