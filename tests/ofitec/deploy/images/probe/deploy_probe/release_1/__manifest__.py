{
    "name": "Deploy probe",
    "version": "1.0.0",
    "depends": ["base", "web"],
    "license": "LGPL-3",
    "installable": True,
}
