-- Why parts were let out is said in words that go with their content: the few such events are found without reading all others.

CREATE INDEX event_part_released ON event (at) WHERE kind = 'part.released';
