/** The two codecs of the store's chunks: Zstandard without WebAssembly, and a checksum that is really compared. */

import { decompress } from "fzstd";
import { registry } from "zarrita";

const POLYNOMIAL = 0x82f63b78;
const CHECKSUM_BYTES = 4;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli) of bytes, an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Body of a chunk that ends with its checksum; throws if the two do not agree. */
export function checkedBody(chunk: Uint8Array): Uint8Array {
  const end = chunk.byteLength - CHECKSUM_BYTES;
  const body = chunk.subarray(0, Math.max(end, 0));
  const stated = end > 0 ? new DataView(chunk.buffer, chunk.byteOffset + end).getUint32(0, true) : NaN;
  if (crc32c(body) !== stated) throw new Error("a chunk of evidence is damaged: its checksum does not match");
  return body;
}

const refuse = (): never => {
  throw new Error("the atlas reads evidence and never writes it");
};

/** Decompressed bytes in a buffer of their own, since zarrita reads from the beginning of the buffer. */
const decode = (bytes: Uint8Array): Uint8Array => decompress(bytes).slice();

const crc32cCodec = { kind: "bytes_to_bytes", encode: refuse, decode: checkedBody } as const;
const zstdCodec = { kind: "bytes_to_bytes", encode: refuse, decode } as const;

/** Make zarrita use these codecs. Its own checksum codec drops the checksum, and its Zstandard needs WebAssembly. */
export function registerCodecs(): void {
  const entries = registry as Map<string, () => unknown>;
  entries.set("crc32c", () => ({ fromConfig: () => crc32cCodec }));
  entries.set("zstd", () => ({ fromConfig: () => zstdCodec }));
}
