// SPDX-License-Identifier: Apache-2.0

/** Machine code of `exit(0)`. */
const CODE = {
  // xor edi, edi; mov eax, SYS_exit; syscall
  x64: { machine: 62, bytes: '31ffb83c0000000f05' },
  // mov x0, #0; mov x8, #SYS_exit; svc #0
  arm64: { machine: 183, bytes: '000080d2a80b80d2010000d4' },
};

const LOAD_ADDRESS = 0x400000n;
const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;

/** The smallest static program: it ends with code 0 at once. Needs nothing else in its root file system. */
export function trialProgram(architecture: string = process.arch): Buffer {
  if (architecture !== 'x64' && architecture !== 'arm64') throw new Error(`no support for ${architecture}`);
  const { machine, bytes } = CODE[architecture];
  const code = Buffer.from(bytes, 'hex');
  const codeOffset = HEADER_SIZE + PROGRAM_HEADER_SIZE;
  const fileSize = BigInt(codeOffset + code.length);
  const elf = Buffer.alloc(codeOffset);
  elf.write('7f454c46020101', 'hex'); // ELF, 64-bit, little endian
  elf.writeUInt16LE(2, 16); // executable
  elf.writeUInt16LE(machine, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(LOAD_ADDRESS + BigInt(codeOffset), 24); // entry
  elf.writeBigUInt64LE(BigInt(HEADER_SIZE), 32); // program headers
  elf.writeUInt16LE(HEADER_SIZE, 52);
  elf.writeUInt16LE(PROGRAM_HEADER_SIZE, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, HEADER_SIZE); // load
  elf.writeUInt32LE(5, HEADER_SIZE + 4); // read and execute
  elf.writeBigUInt64LE(LOAD_ADDRESS, HEADER_SIZE + 16);
  elf.writeBigUInt64LE(LOAD_ADDRESS, HEADER_SIZE + 24);
  elf.writeBigUInt64LE(fileSize, HEADER_SIZE + 32);
  elf.writeBigUInt64LE(fileSize, HEADER_SIZE + 40);
  elf.writeBigUInt64LE(0x1000n, HEADER_SIZE + 48);
  return Buffer.concat([elf, code]);
}
