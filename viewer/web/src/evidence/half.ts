/** Half-precision floats, decoded here because browsers before 2025 have no Float16Array. */

const FRACTION = 0x3ff;
const SUBNORMAL = 2 ** -24;

/** Value of an IEEE 754 binary16 number from its 16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & FRACTION;
  if (exponent === 0) return sign * fraction * SUBNORMAL;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

/** Values of half-precision numbers; exact, since every one of them is a float32. */
export function halvesToFloats(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, halfToNumber);
}

/** Half-precision numbers in base64, little-endian, as float32. */
export function halvesFromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return halvesToFloats(new Uint16Array(bytes.buffer));
}
