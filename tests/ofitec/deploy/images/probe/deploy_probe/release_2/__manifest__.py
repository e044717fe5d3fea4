{
    "name": "Deploy probe",
    "version": "2.0.0",
    "depends": ["base", "web"],
    "license": "LGPL-3",
    "installable": True,
}
