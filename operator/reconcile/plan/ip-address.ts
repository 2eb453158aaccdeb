/** IPv4 or IPv6 address, as a number. */
export interface IpAddress {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** Reads an address; an IPv6 address may be in brackets. Returns null for everything else, such as a name. */
export function parseIp(text: string): IpAddress | null {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  return bare.includes(':') ? parseIpv6(bare) : parseIpv4(bare)
}

function parseIpv4(text: string): IpAddress | null {
  const bytes = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) ? text.split('.').map(Number) : [256]
  return bytes.every((byte) => byte <= 255) ? { bits: 32, value: numberOf(bytes, 8n) } : null
}

function parseIpv6(text: string): IpAddress | null {
  if (!/^[0-9a-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]/`)) return null
  // A URL writes every address in one form: groups of hexadecimal digits, and :: at most once.
  const [before = [], after = []] = new URL(`http://[${text}]/`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')))
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return {
    bits: 128,
    value: numberOf(
      [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16)),
      16n,
    ),
  }
}

const numberOf = (digits: readonly number[], bitsOfDigit: bigint): bigint =>
  digits.reduce((sum, digit) => (sum << bitsOfDigit) + BigInt(digit), 0n)

/** Returns whether the address is in a network such as 10.0.0.0/8; false for a text that is not a network. */
export function isInNetwork(address: IpAddress, network: string): boolean {
  const [text = '', length = ''] = network.split('/')
  const base = parseIp(text)
  if (base === null || base.bits !== address.bits || !/^\d{1,3}$/.test(length) || Number(length) > base.bits) return false
  const hostBits = BigInt(base.bits - Number(length))
  return base.value >> hostBits === address.value >> hostBits
}
