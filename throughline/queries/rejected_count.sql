-- How many rejected records a choice has.
SELECT count() AS chosen
FROM rejected
WHERE (empty({ids:Array(UUID)}) OR rejected_id IN {ids:Array(UUID)})
    AND ({reason:String} = '' OR reason = {reason:String})
    AND ({source:String} = '' OR source = {source:String})
    AND ({all:UInt8} OR replayed_as = '')
