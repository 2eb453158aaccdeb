/**
 * Every code with which Carillon ends a connection. A client acts by range (docs/protocol.md): 4000-4099 do not connect again, 4100-4199 connect
 * again after a back-off, 4200-4299 connect again now, with your cursor. The table renders docs/reference/close-codes.md.
 */
export const closeCodes = {
  unauthenticated: {
    code: 4001,
    text: 'The token is missing, malformed, forged, or not for this channel. Get a new token before you connect again.',
  },
  revoked: { code: 4002, text: 'The token was revoked. Get a new token before you connect again.' },
  forbidden: { code: 4003, text: 'The token is valid, but does not allow this channel.' },
  badCursor: { code: 4005, text: 'The cursor is not of this channel. Connect with ?cursor=latest, and fetch the current state.' },
  badFilters: {
    code: 4006,
    text: 'The filters break a rule or a limit (MAX_FILTER_BYTES). The same request over HTTP is answered with the place.',
  },
  frameTooLarge: { code: 4009, text: 'The client sent a frame or message larger than the limit (MAX_INBOUND_FRAME_BYTES).' },
  overloaded: { code: 4100, text: 'The gateway has reached a limit of connections or verifications. Connect again later.' },
  tooManyConnections: { code: 4101, text: 'The user has reached the limit of connections. Close one, or connect again later.' },
  tooManyUpgrades: { code: 4102, text: 'The gateway gets new connections faster than its limit. Connect again later.' },
  tokenExpired: { code: 4103, text: 'The token has expired. Connect again with a new token.' },
  tooManyFrames: { code: 4104, text: 'The client sent more frames than the limit (INBOUND_FRAMES_PER_S, INBOUND_FRAMES_BURST).' },
  keysUnavailable: { code: 4105, text: 'The gateway cannot fetch the keys that verify tokens. Connect again later.' },
  notReady: { code: 4106, text: 'The gateway is still reading the topic, or has lost its brokers. Connect again later.' },
  tooManyPieces: {
    code: 4107,
    text: 'A frame came in too many pieces. The limit is 1 for each 64 bytes of MAX_INBOUND_FRAME_BYTES, at least 64.',
  },
  tooManyFilters: {
    code: 4108,
    text: 'Limit of distinct filters reached (MAX_DISTINCT_FILTERS, MAX_DISTINCT_FILTERS_PER_USER). Connect again later.',
  },
  draining: { code: 4200, text: 'The gateway is stopping. Connect again to reach another pod, which has your events.' },
  tooSlow: { code: 4201, text: 'The client read too slowly. The gateway no longer holds events that it has not received.' },
  eventsLost: { code: 4202, text: 'The topic lost events, or was recreated. Fetch the current state.' },
  unresponsive: { code: 4203, text: 'The client did not answer a ping in time.' },
  internal: { code: 4204, text: 'Internal error in the gateway. Connect again.' },
} as const satisfies Record<string, { readonly code: number; readonly text: string }>

export type CloseCode = keyof typeof closeCodes
