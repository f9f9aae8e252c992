"""
AWS: the only importer of boto3 and botocore, lazily, inside functions.

``session`` finds credentials and ways into accounts, ``calls`` makes calls (``pace`` keeps them under the
rate that the account allows, ``translate`` tells what went wrong), ``reader`` makes a ``Snapshot`` of an
account, ``writer`` carries out steps. It turns answers into our values and steps into calls; it decides
nothing.
"""
