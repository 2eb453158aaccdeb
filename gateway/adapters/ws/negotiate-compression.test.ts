import { describe, expect, it } from 'vitest'
import { offersCompression } from './negotiate-compression.ts'

describe('an offer of compression', () => {
  it.each([
    ['permessage-deflate', true],
    // Chromium and Firefox.
    ['permessage-deflate; client_max_window_bits', true],
    ['permessage-deflate; client_max_window_bits=10', true],
    ['permessage-deflate; client_max_window_bits="15"', true],
    ['permessage-deflate;server_no_context_takeover ; client_no_context_takeover', true],
    ['Permessage-Deflate', true],
    ['x-other, permessage-deflate', true],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate', true],
    [undefined, false],
    ['', false],
    ['x-webkit-deflate-frame', false],
    ['permessage-deflate; server_max_window_bits=10', false],
    ['permessage-deflate; server_max_window_bits=15', false],
    ['permessage-deflate; client_max_window_bits=7', false],
    ['permessage-deflate; client_max_window_bits=16', false],
    ['permessage-deflate; server_no_context_takeover=1', false],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover', false],
    ['permessage-deflate; later_parameter', false],
    ['permessage-deflate;', false],
  ])('%j is served: %s', (header, isServed) => {
    expect(offersCompression(header)).toBe(isServed)
  })
})
