/** What this project uses of lz4js, which has no types of its own. */
declare module 'lz4js' {
  const lz4: {
    compress(source: Uint8Array): Uint8Array
    decompress(source: Uint8Array, maxSize?: number): Uint8Array
    /** An upper bound of the size after decompression. Throws when the bytes are no LZ4 frame. */
    decompressBound(source: Uint8Array): number
  }
  export default lz4
}

declare module 'kafkajs-snappy' {
  const createSnappyCodec: () => {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
    decompress(buffer: Buffer): Promise<Buffer>
  }
  export default createSnappyCodec
}
