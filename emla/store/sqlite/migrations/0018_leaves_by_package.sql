-- The leaf of an acknowledgement names the package it is about by its number (0009), so that whoever reads the ledger in its order
-- finds what a leaf is about, without an index over ids that are as random as hashes. Null: of other leaves, and of strays.

ALTER TABLE leaf ADD COLUMN package INTEGER;
ALTER TABLE former_leaf ADD COLUMN package INTEGER;

CREATE INDEX acknowledgement_for_leaves ON acknowledgement (aid);
UPDATE leaf SET package = (SELECT a.package FROM acknowledgement a WHERE a.aid = leaf.ref) WHERE kind IN (3, 4);
UPDATE former_leaf SET package = (SELECT a.package FROM acknowledgement a WHERE a.aid = former_leaf.ref) WHERE kind IN (3, 4);
DROP INDEX acknowledgement_for_leaves;
