-- What is marked CONFIDENTIAL is read by those alone who have the role `cleared` (docs/adr/0054). Who reads content today goes on
-- reading it: an upgrade shuts nobody out in the middle of a case. Whoever is put on record from now on is cleared by decision.

UPDATE person SET roles = roles || ' cleared'
    WHERE instr(' ' || roles || ' ', ' prosecutor ') OR instr(' ' || roles || ' ', ' central_officer ')
       OR instr(' ' || roles || ' ', ' approver ') OR instr(' ' || roles || ' ', ' poc_247 ');
UPDATE token SET roles = roles || ' cleared'
    WHERE instr(' ' || roles || ' ', ' prosecutor ') OR instr(' ' || roles || ' ', ' central_officer ')
       OR instr(' ' || roles || ' ', ' approver ') OR instr(' ' || roles || ' ', ' poc_247 ');
