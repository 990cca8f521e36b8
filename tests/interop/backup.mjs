// A backup file, from docs/spec/backup.md: header, sealed archive, end mark.

import { hashOf, labelled, openChunks, openStanza, sha256 } from "./sealing.mjs";
import { Refusal, authority, octets, parseStrict } from "./strict.mjs";

const MAGIC = Buffer.from("emla backup 1\n");
const END = Buffer.from("emla end");
const NAME =
  /^(emla\.db|emla\.toml|(documents|keys|root|tls)\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}|blobs\/[0-9a-f]{2}\/[0-9a-f]{64}|SHA256SUMS|backup\.json)$/;
const BLOCK = 512;

const demand = (good) => {
  if (!good) throw new Refusal("backup-damaged");
};
const parsed = (data, limit) => {
  try {
    return parseStrict(data, limit);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal("backup-damaged");
    throw error;
  }
};

export function openBackup(sodium, seed, file) {
  demand(file.subarray(0, MAGIC.length).equals(MAGIC) && file.length > MAGIC.length + 4 + 48);
  const mark = file.subarray(file.length - 48);
  const before = file.subarray(0, file.length - 48);
  demand(mark.subarray(0, 8).equals(END) && mark.readBigUInt64BE(8) === BigInt(before.length));
  demand(sha256(before).equals(mark.subarray(16)));
  const start = MAGIC.length + 4 + file.readUInt32BE(MAGIC.length);
  demand(start <= MAGIC.length + 4 + 8192 && start < before.length);
  const header = parsed(before.subarray(MAGIC.length + 4, start), 8192);
  demand(header.get("v") === 1 && header.get("suites").join() === "h1,cc1" && header.size === 7);
  const [owner, at, id, kid] = [authority(header.get("authority")), header.get("at"), octets(header.get("id")), header.get("kid")];
  const binding = hashOf("emla/1 backup", 1, "h1+cc1", owner, at, id, kid);
  const cek = openStanza(sodium, seed, octets(header.get("stanza")), binding);
  if (cek === null) throw new Refusal("wrong-backup-key");
  const archive = openChunks(labelled(cek, "emla/1 backup", binding), before.subarray(start));
  demand(archive !== null);
  return { archive, files: readArchive(archive, owner, at) };
}

function readArchive(archive, owner, at) {
  let place = 0;
  const next = () => {
    const block = archive.subarray(place, place + BLOCK);
    demand(block.length === BLOCK);
    const end = block.indexOf(0);
    const name = block.subarray(0, end).toString("latin1");
    demand(NAME.test(name));
    const size = block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : parseInt(block.subarray(124, 135).toString("latin1"), 8);
    demand(block.equals(encodeBlock(name, size, at)));
    const data = archive.subarray(place + BLOCK, place + BLOCK + size);
    demand(data.length === size);
    place += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    demand(place <= archive.length && archive.subarray(place - ((BLOCK - (size % BLOCK)) % BLOCK), place).every((byte) => byte === 0));
    return { name, data };
  };
  let member = next();
  let [list, files, total] = ["", 0, 0];
  for (; !["SHA256SUMS", "backup.json"].includes(member.name); member = next()) {
    list += `${sha256(member.data).toString("hex")}  ${member.name}\n`;
    files += 1;
    total += member.data.length;
  }
  demand(member.name === "SHA256SUMS" && member.data.toString("latin1") === list);
  member = next();
  demand(member.name === "backup.json");
  const content = parsed(member.data, 262144);
  demand(content.get("authority") === owner && content.get("at") === at);
  demand(content.get("files") === files && content.get("size") === total);
  demand(octets(content.get("list_sha256")).equals(sha256(list)));
  demand(archive.length - place === 2 * BLOCK && archive.subarray(place).every((byte) => byte === 0));
  return files;
}

function encodeBlock(name, size, at) {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, "latin1");
  block.write("0000600\0" + "0000000\0" + "0000000\0", 100, "latin1");
  if (size < 2 ** 33) block.write(size.toString(8).padStart(11, "0"), 124, "latin1");
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write(at.toString(8).padStart(11, "0"), 136, "latin1");
  block.write("        0", 148, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  block.write("0000000\0" + "0000000\0", 329, "latin1");
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
